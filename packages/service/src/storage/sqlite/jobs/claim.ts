import { randomUUID } from "node:crypto";
import { DUE } from "../../rules/due.ts";
import { givenUp } from "../../rules/ends.ts";
import { REACH } from "../../rules/turn.ts";
import type { ClaimedJob, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import type { EndJob } from "./end.ts";
import { JOB_COLUMNS, jobRecord, type JobRow, subject } from "./record.ts";

export function createClaim(
  { db, accountRow, patientTransaction: transaction }: Context,
  events: Events,
  end: EndJob,
): Storage["jobs"]["claim"] {
  // jobs_queue from its beginning; it passes over the jobs under a lease or in back-off there.
  const due = db.prepare<
    { rank: number; now: number; before: number; except: string; limit: number },
    JobRow
  >(
    `SELECT ${JOB_COLUMNS} FROM jobs j INDEXED BY jobs_queue JOIN accounts a ON a.row = j.account
     WHERE j.rank = :rank AND ${DUE(":now")} AND j.turn < :before
       AND j.account NOT IN (SELECT value FROM json_each(:except)) ORDER BY j.turn, j.row LIMIT :limit`,
  );
  // jobs_served, from its end.
  const served = db
    .prepare<[number], number | null>("SELECT max(turn) FROM jobs WHERE rank = ? AND started_at IS NOT NULL")
    .pluck();
  const start = db.prepare(
    `UPDATE jobs SET deaths = deaths + (status = 'Started'), status = 'Started', attempts = attempts + 1, lease_id = ?, due_at = ?,
       started_at = coalesce(started_at, ?) WHERE row = ?`,
  );

  return async ({ limit, before = Number.MAX_SAFE_INTEGER, except, leaseMs, maxAttempts, keepDeadMs, now }) =>
    transaction(() => {
      const claimed: ClaimedJob[] = [];
      for (const rank of [0, 1] as const) {
        const places =
          typeof limit === "number" ? limit - claimed.length : limit[rank === 0 ? "lookups" : "imports"];
        const others = (except?.[rank === 0 ? "lookups" : "imports"] ?? []).map(accountRow);
        const near = others.length > 0 ? (served.get(rank) ?? 0) + REACH : Number.MAX_SAFE_INTEGER;
        const turns = Math.min(near, rank === 0 ? before : Number.MAX_SAFE_INTEGER);
        const which = { rank, now, before: turns, except: JSON.stringify(others), limit: places };
        for (const job of due.all(which)) {
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
