import { randomUUID } from "node:crypto";
import { DUE } from "../../due.ts";
import { givenUp } from "../../ends.ts";
import type { ClaimedJob, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import type { EndJob } from "./end.ts";
import { JOB_COLUMNS, jobRecord, type JobRow, subject } from "./record.ts";

export function createClaim(
  { db, transaction }: Context,
  events: Events,
  end: EndJob,
): Storage["jobs"]["claim"] {
  // jobs_queue from its beginning; it passes over the jobs under a lease or in back-off there.
  const due = db.prepare<{ rank: number; now: number; before: number; limit: number }, JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j INDEXED BY jobs_queue JOIN accounts a ON a.row = j.account
     WHERE j.rank = :rank AND ${DUE(":now")} AND j.turn < :before ORDER BY j.turn, j.row LIMIT :limit`,
  );
  const start = db.prepare(
    `UPDATE jobs SET deaths = deaths + (status = 'Started'), status = 'Started', attempts = attempts + 1, lease_id = ?, due_at = ?,
       started_at = coalesce(started_at, ?) WHERE row = ?`,
  );

  return async ({ limit, before = Number.MAX_SAFE_INTEGER, leaseMs, maxAttempts, keepDeadMs, now }) =>
    transaction(() => {
      const claimed: ClaimedJob[] = [];
      for (const rank of [0, 1] as const) {
        const places =
          typeof limit === "number" ? limit - claimed.length : limit[rank === 0 ? "lookups" : "imports"];
        const turns = rank === 0 ? before : Number.MAX_SAFE_INTEGER;
        for (const job of due.all({ rank, now, before: turns, limit: places })) {
          if (job.attempts >= maxAttempts) {
            const deadUntil = keepDeadMs === undefined ? undefined : now + keepDeadMs;
            end(job, { status: "Failed", error: givenUp(job.attempts), deadUntil }, now);
            events.due(); // others may wait for the place that it took
            continue;
          }
          const leaseId = randomUUID();
          start.run(leaseId, now + leaseMs, now, job.row);
          if (job.status !== "Started") events.record(subject(job), "Started");
          claimed.push({
            ...jobRecord(job),
            status: "Started",
            attempts: job.attempts + 1,
            startedAt: job.started_at ?? now,
            leaseId,
            turn: job.turn,
            deaths: job.deaths + (job.status === "Started" ? 1 : 0),
          });
        }
      }
      return claimed;
    });
}
