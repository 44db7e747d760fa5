import { randomUUID } from "node:crypto";
import type { ClaimedJob, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import type { EndJobs } from "./end.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";

export function createClaim(
  { transaction }: Context,
  events: Events,
  end: EndJobs,
): Storage["jobs"]["claim"] {
  return ({ limit, leaseMs, maxAttempts, keepDeadMs, now }) =>
    transaction(async (tx) => {
      // jobs_queue from its beginning; it passes over the jobs under a lease, in back-off, or in another claim's hands.
      const due = await tx.query<JobRow>(
        `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.due_at IS NOT NULL AND j.due_at <= $1
         ORDER BY j.rank, j.turn, j.row LIMIT $2 FOR UPDATE SKIP LOCKED`,
        [now, limit],
      );
      if (due.length === 0) return [];
      const spent = due.filter((job) => job.attempts >= maxAttempts);
      const taken = due.filter((job) => job.attempts < maxAttempts);
      const claimed = taken.map((job): ClaimedJob => ({
        ...jobRecord(job),
        status: "Started",
        attempts: job.attempts + 1,
        startedAt: job.started_at ?? now,
        leaseId: randomUUID(),
      }));
      await tx.query(
        `UPDATE jobs j SET status = 'Started', attempts = attempts + 1, lease_id = l.lease_id, due_at = $3, started_at = coalesce(started_at, $4)
         FROM unnest($1::bigint[], $2::text[]) AS l (row, lease_id) WHERE j.row = l.row`,
        [taken.map((job) => job.row), claimed.map((job) => job.leaseId), now + leaseMs, now],
      );
      const changes = [
        ...(await end(
          tx,
          spent.map((job) => ({
            job,
            ending: {
              status: "Failed" as const,
              error: givenUp(job.attempts),
              deadUntil: keepDeadMs === undefined ? undefined : now + keepDeadMs,
            },
          })),
          now,
        )),
        ...taken
          .filter((job) => job.status !== "Started")
          .map((job) => ({ job, status: "Started" as const })),
      ];
      await events.record(tx, changes);
      return claimed;
    });
}

const givenUp = (attempts: number) =>
  `Given up after ${attempts} attempts, none of which came to an end. Retry it; if that fails too, look into the server's log.`;
