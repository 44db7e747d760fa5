import type { Ending } from "../../rules/ends.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import { type JobRow, subject } from "./record.ts";

/** Inside a transaction: ends a job once and for all, lets go of its images unless it died, and writes the event. */
export type EndJob = (job: JobRow, ending: Ending, now: number) => void;

export function createEndJob({ db }: Context, events: Events): EndJob {
  const end = db.prepare(
    `UPDATE jobs SET status = ?, result = ?, error = ?, identity_id = coalesce(?, identity_id), finished_at = ?,
       dead_until = ?, due_at = NULL, lease_id = NULL WHERE row = ?`,
  );
  const dropBlobs = db.prepare("DELETE FROM job_blobs WHERE job = ?");

  return (job, ending, now) => {
    const done = ending.status === "Succeeded";
    const deadUntil = done ? undefined : ending.deadUntil;
    end.run(
      ending.status,
      done ? JSON.stringify(ending.result) : null,
      done ? null : ending.error,
      (done && ending.identityId) || null,
      now,
      deadUntil ?? null,
      job.row,
    );
    if (deadUntil === undefined) dropBlobs.run(job.row);
    events.record(subject(job), ending.status);
  };
}
