import type { FaceRecord, IdentityRecord } from "../../types.ts";

export interface IdentityRow {
  row: number;
  id: string;
  collection: number;
  collection_id: string;
  external_id: string | null;
  metadata: string;
  created_at: number;
  updated_at: number;
}

/** The columns of an IdentityRow. */
export const IDENTITY_COLUMNS =
  "i.row, i.id, i.collection, c.id AS collection_id, i.external_id, i.metadata, i.created_at, i.updated_at";
/** FROM: identities as i, in collections, as c, that are not being deleted. */
export const IDENTITIES = "identities i JOIN collections c ON c.row = i.collection AND c.deleted_at IS NULL";

export function identityRecord(row: IdentityRow, faces: FaceRecord[]): IdentityRecord {
  return {
    id: row.id,
    collectionId: row.collection_id,
    ...(row.external_id !== null && { externalId: row.external_id }),
    metadata: JSON.parse(row.metadata),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    faces,
  };
}
