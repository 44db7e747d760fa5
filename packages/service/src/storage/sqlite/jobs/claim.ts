import { randomUUID } from "node:crypto";
import type { ClaimedJob, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import type { EndJob } from "./end.ts";
import { JOB_COLUMNS, jobRecord, type JobRow, subject } from "./record.ts";

const RANKS = [0, 1];

export function createClaim(
  { db, transaction }: Context,
  events: Events,
  end: EndJob,
): Storage["jobs"]["claim"] {
  // Leaps along jobs_queue from account to account instead of reading every waiting job.
  const waitingAccounts = db
    .prepare<[{ rank: number }], number>(
      `WITH RECURSIVE waiting (account) AS (
         SELECT min(account) FROM jobs INDEXED BY jobs_queue WHERE rank = :rank AND due_at IS NOT NULL
         UNION ALL
         SELECT (SELECT min(account) FROM jobs INDEXED BY jobs_queue
                 WHERE rank = :rank AND account > waiting.account AND due_at IS NOT NULL)
         FROM waiting WHERE waiting.account IS NOT NULL)
       SELECT account FROM waiting WHERE account IS NOT NULL`,
    )
    .pluck();
  // jobs_queue, oldest first; it passes over the jobs under a lease or in back-off at its beginning.
  const due = db.prepare<[number, number, number, number], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j INDEXED BY jobs_queue JOIN accounts a ON a.row = j.account
     WHERE j.rank = ? AND j.account = ? AND j.due_at IS NOT NULL AND j.due_at <= ? ORDER BY j.row LIMIT ?`,
  );
  const start = db.prepare(
    `UPDATE jobs SET status = 'Started', attempts = attempts + 1, lease_id = ?, due_at = ?,
       started_at = coalesce(started_at, ?) WHERE row = ?`,
  );
  /** Account served last, by rank. Lost with the process, which at worst gives one account two turns. */
  const lastServed = new Map<number, number>();

  return async ({ limit, leaseMs, maxAttempts, keepDeadMs, now }) =>
    transaction(() => {
      const claimed: ClaimedJob[] = [];
      for (const rank of RANKS) {
        for (const job of inTurn(rank, limit - claimed.length)) {
          if (job.attempts >= maxAttempts) {
            const error = `Given up after ${job.attempts} attempts, none of which came to an end. Retry it; if that fails too, look into the server's log.`;
            const deadUntil = keepDeadMs === undefined ? undefined : now + keepDeadMs;
            end(job, { status: "Failed", error, deadUntil }, now);
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
          });
        }
      }
      return claimed;

      /** One job of each account after the other, going on where the last claim ended. */
      function inTurn(rank: number, places: number): JobRow[] {
        if (places <= 0) return [];
        const accounts = waitingAccounts.all({ rank });
        const next = accounts.findIndex((account) => account > (lastServed.get(rank) ?? -1));
        const rotated = next > 0 ? [...accounts.slice(next), ...accounts.slice(0, next)] : accounts;
        const queues = rotated.map((account) => due.all(rank, account, now, places));
        const jobs: JobRow[] = [];
        for (let turn = 0; turn < places && jobs.length < places; turn++) {
          for (const queue of queues) {
            const job = queue[turn];
            if (job && jobs.length < places) jobs.push(job);
          }
        }
        const last = jobs.at(-1);
        if (last) lastServed.set(rank, last.account);
        return jobs;
      }
    });
}
