import type { CollectionRecord, CollectionSettings } from "../../types.ts";

export interface CollectionRow {
  row: number;
  id: string;
  account_id: string;
  name: string;
  settings: string;
  created_at: number;
  updated_at: number;
  identities: number;
  faces: number;
}

/** The columns of a CollectionRow, with collections as c and accounts as a. */
export const COLLECTION_COLUMNS =
  "c.row, c.id, a.id AS account_id, c.name, c.settings, c.created_at, c.updated_at, c.identities, c.faces";

export const collectionRecord = (row: CollectionRow): CollectionRecord => ({
  id: row.id,
  accountId: row.account_id,
  name: row.name,
  settings: JSON.parse(row.settings) as CollectionSettings,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  identities: row.identities,
  faces: row.faces,
});
