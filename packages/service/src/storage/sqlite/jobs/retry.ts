import { inSteps } from "../../../turns.ts";
import type { JobPayload, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { blobInUse } from "../uploads.ts";
import type { InsertJob } from "./enqueue.ts";
import { JOB_COLUMNS, type JobRow } from "./record.ts";

/** Dead jobs looked at in one step. */
const BATCH = 500;

export function createRetry(
  { db, accountRow, transaction, patientTransaction }: Context,
  insertJob: InsertJob,
): Pick<Storage["jobs"], "retry" | "expire"> {
  const get = db.prepare<[string, number], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account WHERE j.id = ? AND j.account = ?`,
  );
  const identity = db.prepare("SELECT 1 FROM identities WHERE id = ? AND account = ?");
  const collection = db.prepare("SELECT 1 FROM collections WHERE row = ? AND deleted_at IS NULL");
  const remember = db.prepare("UPDATE jobs SET retried_as = ? WHERE row = ?");
  const dropBlobs = db.prepare("DELETE FROM job_blobs WHERE job = ?");
  const takeBlobs = db
    .prepare<[number], string>("DELETE FROM job_blobs WHERE job = ? RETURNING blob_id")
    .pluck();
  // jobs_expiry
  const expired = db.prepare<[number, number, number, number], { row: number; dead_until: number }>(
    `SELECT row, dead_until FROM jobs WHERE dead_until <= ? AND (dead_until, row) > (?, ?) ORDER BY dead_until, row LIMIT ?`,
  );
  const inUse = blobInUse(db);

  return {
    async retry(accountId, jobId, { id, now, quotas }) {
      const account = accountRow(accountId) ?? -1;
      return patientTransaction(() => {
        const job = get.get(jobId, account);
        if (!job) return { retried: false, reason: "unknown" };
        if (job.dead_until === null) return { retried: false, reason: "not-dead" };
        if (job.retried_as !== null) return { retried: true, jobId: job.retried_as };
        if (job.identity_id !== null && !identity.get(job.identity_id, account))
          return { retried: false, reason: "identity-gone" };
        if (job.collection !== null && !collection.get(job.collection))
          return { retried: false, reason: "collection-gone" };
        if (job.dead_until <= now) return { retried: false, reason: "expired" };
        const payload = JSON.parse(job.payload) as JobPayload;
        // First: its images count once.
        dropBlobs.run(job.row);
        insertJob(
          account,
          { id, payload, collection: job.collection, identityId: job.identity_id, deaths: job.deaths },
          now,
          quotas,
        );
        remember.run(id, job.row);
        return { retried: true, jobId: id };
      });
    },
    async expire(now, signal) {
      const freed = new Set<string>();
      let last = { dead_until: 0, row: 0 };
      await inSteps(() => {
        const dead = expired.all(now, last.dead_until, last.row, BATCH);
        last = dead.at(-1) ?? last;
        const gone = transaction(() => dead.flatMap(({ row }) => takeBlobs.all(row)));
        for (const blobId of gone) if (!inUse(blobId)) freed.add(blobId);
        return dead.length === BATCH;
      }, signal);
      return [...freed];
    },
  };
}
