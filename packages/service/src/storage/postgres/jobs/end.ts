import type { JobStatus } from "@prosopon/core/contract";
import type { Ending } from "../../rules/ends.ts";
import type { Prepared, Transaction } from "../database.ts";
import { storable, toJson } from "../text.ts";
import type { JobRow } from "./record.ts";

/** lease_id stays: it tells a worker, whose connection broke while it ended the job, that it did. */
const END: Prepared = {
  name: "end",
  text: `
  WITH freed AS (DELETE FROM job_blobs WHERE job = $1 AND $7::bigint IS NULL RETURNING size)
  UPDATE jobs SET status = $2, result = $3, error = $4, identity_id = coalesce($5, identity_id), finished_at = $6, due_at = NULL,
    dead_until = $7
  WHERE row = $1 RETURNING (SELECT coalesce(sum(size), 0)::bigint FROM freed) AS freed`,
};

/** `freed`: bytes of images that the job let go of. */
export interface Ended {
  job: JobRow;
  status: JobStatus;
  freed: number;
}

/** Inside a transaction that holds the jobs: ends them once and for all and lets go of their images, but for those that died. The events are the caller's to record. */
export type EndJobs = typeof endJobs;

export async function endJobs(
  { query }: Transaction,
  jobs: readonly { job: JobRow; ending: Ending }[],
  now: number,
): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (const { job, ending } of jobs) {
    const done = ending.status === "Succeeded";
    const deadUntil = done ? null : (ending.deadUntil ?? null);
    const [row] = await query<{ freed: number }>(END, [
      job.row,
      ending.status,
      done ? toJson(ending.result) : null,
      done ? null : storable(ending.error),
      (done && ending.identityId) || null,
      now,
      deadUntil,
    ]);
    ended.push({ job, status: ending.status, freed: row!.freed });
  }
  return ended;
}
