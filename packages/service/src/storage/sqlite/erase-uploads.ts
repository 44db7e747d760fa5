import { IMAGE_ERASED } from "../rules/ends.ts";
import type { Context } from "./context.ts";
import type { EndJob } from "./jobs/end.ts";
import { JOB_COLUMNS, type JobRow } from "./jobs/record.ts";

/** Inside a transaction: forgets uploads, ends the jobs that need them, and returns the images that those and dead ones let go of. */
export type EraseUploads = (account: number, uploadIds: Iterable<string>, now: number) => string[];

export function createEraseUploads({ db }: Context, end: EndJob): EraseUploads {
  const drop = db
    .prepare<[string, number], string>("DELETE FROM uploads WHERE id = ? AND account = ? RETURNING blob_id")
    .pluck();
  // job_blobs_blob
  const holders = db.prepare<[string], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM job_blobs b JOIN jobs j ON j.row = b.job JOIN accounts a ON a.row = j.account WHERE b.blob_id = ?`,
  );
  const take = db.prepare<[number], string>("DELETE FROM job_blobs WHERE job = ? RETURNING blob_id").pluck();
  const expire = db.prepare("UPDATE jobs SET dead_until = min(dead_until, ?) WHERE row = ?");

  return (account, uploadIds, now) => {
    const freed: string[] = [];
    for (const uploadId of uploadIds) {
      const blobId = drop.get(uploadId, account);
      if (blobId === undefined) continue;
      freed.push(blobId);
      for (const job of holders.all(blobId)) {
        freed.push(...take.all(job.row));
        if (job.finished_at === null) end(job, { status: "Failed", error: IMAGE_ERASED }, now);
        else expire.run(now, job.row);
      }
    }
    return freed;
  };
}
