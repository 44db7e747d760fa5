import type { FaceRecord, IdentityRecord } from "../../types.ts";

export interface IdentityRow {
  row: number;
  id: string;
  external_id: string | null;
  metadata: Record<string, unknown>;
  created_at: number;
  updated_at: number;
}

export const IDENTITY_COLUMNS = "i.row, i.id, i.external_id, i.metadata, i.created_at, i.updated_at";

export function identityRecord(row: IdentityRow, faces: FaceRecord[]): IdentityRecord {
  return {
    id: row.id,
    ...(row.external_id !== null && { externalId: row.external_id }),
    metadata: row.metadata,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    faces,
  };
}
