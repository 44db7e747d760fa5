import { bare, IDENTITY_GONE } from "../../rules/ends.ts";
import type { JobPayload } from "../../types.ts";
import type { Context } from "../context.ts";
import type { EraseUploads } from "../erase-uploads.ts";
import type { EndJob } from "./end.ts";
import type { ForgetMentions } from "./mentions.ts";
import { JOB_COLUMNS, type JobRow } from "./record.ts";

interface Identity {
  row: number;
  id: string;
  account: number;
}

export interface ForgetIdentity {
  /** Inside the transaction that deletes an identity: removes it from the memory of jobs, and returns the images it frees. */
  forget(identity: Identity, now: number): string[];
  /**
   * Inside a transaction before that: does it for the next of its jobs behind `after` that ended and keep no image.
   * Returns the last of them; 0 when there are no more.
   */
  forgetEnded(identity: Identity, after: number): number;
}

/** Jobs of one step. */
const STEP = 200;
/** SQL: nothing is left of the job `j` that could be forgotten. */
const FORGOTTEN = `j.finished_at IS NOT NULL AND j.dead_until IS NULL AND j.result IS NULL AND
  json_array_length(j.payload, '$.images') = 0 AND json_remove(j.payload, '$.kind', '$.images', '$.identityId') = '{}'`;

export function createForgetIdentity(
  { db }: Context,
  end: EndJob,
  forgetMentions: ForgetMentions,
  eraseUploads: EraseUploads,
): ForgetIdentity {
  // jobs_identity
  const own = db.prepare<[string, number], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account WHERE j.identity_id = ? AND j.account = ? AND NOT (${FORGOTTEN})`,
  );
  const ended = db.prepare<[string, number, number, number], Pick<JobRow, "row" | "payload">>(
    `SELECT j.row, j.payload FROM jobs j WHERE j.identity_id = ? AND j.account = ? AND j.row > ?
       AND j.finished_at IS NOT NULL AND j.dead_until IS NULL AND j.payload NOT LIKE '%"uploadId"%' ORDER BY j.row LIMIT ?`,
  );
  const takeBlobs = db
    .prepare<[number], string>("DELETE FROM job_blobs WHERE job = ? RETURNING blob_id")
    .pluck();
  const scrub = db.prepare(
    "UPDATE jobs SET payload = ?, result = NULL, dead_until = min(dead_until, ?) WHERE row = ?",
  );

  function forget({ row, id, account }: Identity, now: number): string[] {
    const freed: string[] = [];
    const uploadIds: string[] = [];
    for (const job of own.all(id, account)) {
      const payload = JSON.parse(job.payload) as JobPayload;
      uploadIds.push(...payload.images.flatMap(({ uploadId }) => uploadId ?? []));
      freed.push(...takeBlobs.all(job.row));
      if (job.finished_at === null) end(job, { status: "Failed", error: IDENTITY_GONE }, now);
      scrub.run(JSON.stringify(bare(payload)), now, job.row);
    }
    freed.push(...eraseUploads(account, uploadIds, now));
    // Few: those of the time before were forgotten before.
    while (forgetMentions({ row, id }));
    return freed;
  }

  function forgetEnded({ id, account }: Identity, after: number): number {
    const jobs = ended.all(id, account, after, STEP);
    for (const { row, payload } of jobs)
      scrub.run(JSON.stringify(bare(JSON.parse(payload) as JobPayload)), null, row);
    return jobs.length < STEP ? 0 : jobs.at(-1)!.row;
  }

  return { forget, forgetEnded };
}
