import { CANCELLED } from "../../rules/ends.ts";
import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { blobInUse } from "../uploads.ts";
import type { EndJob } from "./end.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";

export function createCancel(
  { db, accountRow, transaction }: Context,
  end: EndJob,
): Storage["jobs"]["cancel"] {
  const get = db.prepare<[string, number], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account WHERE j.id = ? AND j.account = ?`,
  );
  const blobsOf = db.prepare<[number], string>("SELECT blob_id FROM job_blobs WHERE job = ?").pluck();
  const inUse = blobInUse(db);

  return async (accountId, jobId, now) => {
    const account = accountRow(accountId) ?? -1;
    return transaction(() => {
      const job = get.get(jobId, account);
      if (!job) return { cancelled: false, reason: "unknown" };
      if (job.finished_at !== null && job.error !== CANCELLED)
        return { cancelled: false, reason: "ended", job: jobRecord(job) };
      const blobIds = blobsOf.all(job.row);
      if (job.finished_at === null) end(job, { status: "Failed", error: CANCELLED }, now);
      return {
        cancelled: true,
        job: jobRecord(get.get(jobId, account)!),
        blobIds: blobIds.filter((blobId) => !inUse(blobId)),
      };
    });
  };
}
