import { type Storage, StorageError } from "../types.ts";
import type { Context } from "./context.ts";

interface Row {
  id: string;
  blob_id: string;
  size: number;
  expires_at: number;
}

export function createUploads({ db, transaction, accountRow }: Context): Storage["uploads"] {
  const insert = db.prepare(
    "INSERT INTO uploads (id, account, blob_id, size, expires_at) VALUES (?, ?, ?, ?, ?)",
  );
  const get = db.prepare<[string, number, number], Row>(
    "SELECT id, blob_id, size, expires_at FROM uploads WHERE id = ? AND account = ? AND expires_at > ?",
  );
  // uploads_expiry
  const sweep = db
    .prepare<[number], string>("DELETE FROM uploads WHERE expires_at <= ? RETURNING blob_id")
    .pluck();
  const inUse = blobInUse(db);

  return {
    async create({ id, accountId, image, expiresAt }) {
      const account = accountRow(accountId);
      if (account === undefined)
        throw new StorageError("not-found", "There is no such account to upload to.");
      transaction(() => insert.run(id, account, image.blobId, image.size, expiresAt));
    },
    async get(accountId, uploadId, now) {
      const row = get.get(uploadId, accountRow(accountId) ?? -1, now);
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
      return transaction(() => sweep.all(now).filter((blobId) => !inUse(blobId)));
    },
  };
}

/** Whether an unfinished job or an upload needs the blob: job_blobs_blob, uploads_blob. */
export function blobInUse(db: Context["db"]): (blobId: string) => boolean {
  const holders = db
    .prepare<[string, string], number>(
      "SELECT EXISTS (SELECT 1 FROM job_blobs WHERE blob_id = ?) OR EXISTS (SELECT 1 FROM uploads WHERE blob_id = ?)",
    )
    .pluck();
  return (blobId) => holders.get(blobId, blobId) === 1;
}
