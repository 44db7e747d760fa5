import { inSteps } from "../../turns.ts";
import { checkUsage } from "../rules/quotas.ts";
import { type Storage, StorageError } from "../types.ts";
import type { Context } from "./context.ts";
import type { EraseUploads } from "./erase-uploads.ts";
import { createUsage } from "./jobs/enqueue.ts";

/** Uploads swept in one step. */
const BATCH = 200;

interface Row {
  id: string;
  blob_id: string;
  size: number;
  expires_at: number;
}

export function createUploads(
  { db, transaction, patientTransaction, accountRow }: Context,
  erase: EraseUploads,
): Storage["uploads"] {
  const insert = db.prepare(
    "INSERT INTO uploads (id, account, blob_id, size, expires_at) VALUES (?, ?, ?, ?, ?)",
  );
  const get = db.prepare<[string, number, number], Row>(
    "SELECT id, blob_id, size, expires_at FROM uploads WHERE id = ? AND account = ? AND expires_at > ?",
  );
  // uploads_expiry, job_blobs_blob
  const sweep = db
    .prepare<[number, number], string>(
      `DELETE FROM uploads WHERE id IN (SELECT id FROM uploads u WHERE expires_at <= ?
         AND NOT EXISTS (SELECT 1 FROM job_blobs b WHERE b.blob_id = u.blob_id) LIMIT ?) RETURNING blob_id`,
    )
    .pluck();
  // job_blobs_blob
  const needed = db
    .prepare<[string], number>(
      "SELECT EXISTS (SELECT 1 FROM job_blobs b JOIN jobs j ON j.row = b.job WHERE b.blob_id = ? AND j.finished_at IS NULL)",
    )
    .pluck();
  const usage = createUsage({ db });
  const inUse = blobInUse(db);

  return {
    async create({ id, accountId, image, expiresAt }, quotas) {
      const account = accountRow(accountId);
      if (account === undefined)
        throw new StorageError("not-found", "There is no such account to upload to.");
      patientTransaction(() => {
        checkUsage(usage(account), { unfinishedJobs: 0, pendingBytes: image.size }, quotas);
        insert.run(id, account, image.blobId, image.size, expiresAt);
      });
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
    async delete(accountId, uploadId, now) {
      const account = accountRow(accountId) ?? -1;
      return transaction(() => {
        const upload = get.get(uploadId, account, now);
        if (!upload) return { deleted: false, reason: "unknown" };
        if (needed.get(upload.blob_id) === 1) return { deleted: false, reason: "needed" };
        const blobIds = erase(account, [uploadId], now).filter((blobId) => !inUse(blobId));
        return { deleted: true, blobIds };
      });
    },
    async sweep(now, signal) {
      const freed: string[] = [];
      await inSteps(() => {
        const gone = transaction(() => sweep.all(now, BATCH));
        freed.push(...gone.filter((blobId) => !inUse(blobId)));
        return gone.length === BATCH;
      }, signal);
      return freed;
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
