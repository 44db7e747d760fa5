import { inSteps } from "../../../turns.ts";
import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";

/** Jobs swept in one step: with their events and mentions some 15 rows each. */
const BATCH = 50;

export function createSweep({ db, transaction, afterCommit, erasure }: Context): Storage["jobs"]["sweep"] {
  // jobs_ended
  const ended = db.prepare<[number, number], { row: number; account: number }>(
    "SELECT row, account FROM jobs WHERE finished_at < ? LIMIT ?",
  );
  // events_job, mentions_job
  const dropEvents = db.prepare<[number], number>("DELETE FROM events WHERE job = ? RETURNING seq").pluck();
  const dropMentions = db.prepare("DELETE FROM mentions WHERE job = ?");
  // What a dead job still keeps: the sweep of the blob store finds that nothing refers to it.
  const dropBlobs = db.prepare("DELETE FROM job_blobs WHERE job = ?");
  const drop = db.prepare("DELETE FROM jobs WHERE row = ?");
  const swept = db.prepare("UPDATE accounts SET event_swept = max(event_swept, ?) WHERE row = ?");

  function step(before: number): number {
    const jobs = ended.all(before, BATCH);
    for (const { row, account } of jobs) {
      swept.run(Math.max(0, ...dropEvents.all(row)), account);
      dropMentions.run(row);
      dropBlobs.run(row);
      drop.run(row);
    }
    if (jobs.length > 0) afterCommit(erasure.schedule);
    return jobs.length;
  }

  return async (before, signal) => {
    let count = 0;
    await inSteps(() => {
      const done = transaction(() => step(before));
      count += done;
      return done === BATCH;
    }, signal);
    return count;
  };
}
