import type { CollectionRecord, CollectionSettings } from "../../types.ts";

export interface CollectionRow {
  row: number;
  id: string;
  account_id: string;
  name: string;
  settings: CollectionSettings;
  created_at: number;
  updated_at: number;
  identities: number;
  faces: number;
}

/** The columns of a CollectionRow, with collections as c. */
export const COLLECTION_COLUMNS = `c.row, c.id, (SELECT a.id FROM accounts a WHERE a.row = c.account) AS account_id, c.name, c.settings,
  c.created_at, c.updated_at, c.identities, c.faces`;

export const collectionRecord = (row: CollectionRow): CollectionRecord => ({
  id: row.id,
  accountId: row.account_id,
  name: row.name,
  settings: row.settings,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  identities: row.identities,
  faces: row.faces,
});
