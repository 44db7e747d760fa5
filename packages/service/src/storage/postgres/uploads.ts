import { type Storage, StorageError } from "../types.ts";
import type { Context } from "./context.ts";
import type { Transaction } from "./database.ts";
import { storable } from "./text.ts";

interface Row {
  id: string;
  blob_id: string;
  size: number;
  expires_at: number;
}

export function createUploads({ read, transaction, accountRow }: Context): Storage["uploads"] {
  return {
    async create({ id, accountId, image, expiresAt }) {
      const account = await accountRow(accountId);
      if (account < 0) throw new StorageError("not-found", "There is no such account to upload to.");
      await transaction(
        ({ query }) =>
          query(
            "INSERT INTO uploads (id, account, blob_id, size, expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
            [id, account, image.blobId, image.size, expiresAt],
          ),
        { repeatable: true },
      );
    },
    async get(accountId, uploadId, now) {
      const [row] = await read<Row>(
        "SELECT id, blob_id, size, expires_at FROM uploads WHERE id = $1 AND account = $2 AND expires_at > $3",
        [storable(uploadId), await accountRow(accountId), now],
      );
      return (
        row && {
          id: row.id,
          accountId,
          image: { blobId: row.blob_id, size: row.size },
          expiresAt: row.expires_at,
        }
      );
    },
    async sweep(now) {
      return transaction(async (tx) => {
        // uploads_expiry
        const gone = await tx.query<{ blob_id: string }>(
          "DELETE FROM uploads WHERE expires_at <= $1 RETURNING blob_id",
          [now],
        );
        return unneeded(
          tx,
          gone.map((row) => row.blob_id),
        );
      });
    },
  };
}

/** Those that no unfinished job and no upload needs: job_blobs_blob, uploads_blob. */
export async function unneeded({ query }: Transaction, blobIds: readonly string[]): Promise<string[]> {
  if (blobIds.length === 0) return [];
  const rows = await query<{ blob_id: string }>(
    `SELECT DISTINCT blob_id FROM unnest($1::text[]) AS b (blob_id)
     WHERE NOT EXISTS (SELECT 1 FROM job_blobs j WHERE j.blob_id = b.blob_id COLLATE "C")
       AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.blob_id = b.blob_id COLLATE "C")`,
    [blobIds],
  );
  return rows.map((row) => row.blob_id);
}
