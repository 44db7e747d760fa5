import { IDENTITY_GONE } from "../../ends.ts";
import type { JobPayload } from "../../types.ts";
import type { Context } from "../context.ts";
import type { EraseUploads } from "../erase-uploads.ts";
import type { EndJob } from "./end.ts";
import type { ForgetMentions } from "./mentions.ts";
import { JOB_COLUMNS, type JobRow } from "./record.ts";

/** Inside the transaction that deletes an identity: removes it from the memory of jobs, and returns the images it frees. */
export type ForgetIdentity = (
  identity: { row: number; id: string; account: number },
  now: number,
) => string[];

export function createForgetIdentity(
  { db }: Context,
  end: EndJob,
  forgetMentions: ForgetMentions,
  eraseUploads: EraseUploads,
): ForgetIdentity {
  // jobs_identity
  const own = db.prepare<[string, number], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account WHERE j.identity_id = ? AND j.account = ?`,
  );
  const takeBlobs = db
    .prepare<[number], string>("DELETE FROM job_blobs WHERE job = ? RETURNING blob_id")
    .pluck();
  const scrub = db.prepare(
    "UPDATE jobs SET payload = ?, result = NULL, dead_until = min(dead_until, ?) WHERE row = ?",
  );

  return ({ row, id, account }, now) => {
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
  };
}

function bare(payload: JobPayload): JobPayload {
  return payload.kind === "enrol" ? { kind: "enrol", images: [] } : { ...payload, images: [] };
}
