import type { ClaimedJob, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import type { Feed } from "../feed/feed.ts";
import type { EndJobs } from "./end.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";

type DueRow = JobRow & { new_lease_id: string | null };

/** jobs_queue from its beginning, for each rank; it passes over the jobs under a lease, in back-off, or in another claim's hands. */
const due = (name: string, rank: number, limit: string, where = "") => `
  ${name} AS (
    SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.rank = ${rank} AND j.due_at IS NOT NULL AND j.due_at <= $1 ${where}
    ORDER BY j.turn, j.row LIMIT ${limit} FOR UPDATE OF j SKIP LOCKED)`;

/** Those due as they were, with the new lease of those that got one. */
const CLAIM = `
  WITH ${due("lookups", 0, "$2::int", "AND j.turn < $7::bigint")}, ${due("imports", 1, "least($3::int, $4::int - (SELECT count(*) FROM lookups))")},
  due AS (SELECT * FROM lookups UNION ALL SELECT * FROM imports),
  leased AS (
    UPDATE jobs SET status = 'Started', attempts = jobs.attempts + 1, lease_id = gen_random_uuid(), due_at = $5,
      started_at = coalesce(jobs.started_at, $1)
    -- By an array: of how many imports there are PostgreSQL knows nothing, takes a tenth of all that wait, and would for so many read the whole table.
    WHERE jobs.row = ANY (ARRAY(SELECT due.row FROM due WHERE due.attempts < $6)) RETURNING jobs.row, jobs.lease_id AS new_lease_id)
  SELECT due.*, leased.new_lease_id FROM due LEFT JOIN leased USING (row) ORDER BY rank, turn, row`;

export function createClaim(
  { transaction }: Context,
  events: Events,
  feed: Feed,
  end: EndJobs,
): Storage["jobs"]["claim"] {
  return ({ limit, before = Number.MAX_SAFE_INTEGER, leaseMs, maxAttempts, keepDeadMs, now }) =>
    transaction(async (tx) => {
      const { lookups, imports } = typeof limit === "number" ? { lookups: limit, imports: limit } : limit;
      const all = typeof limit === "number" ? limit : lookups + imports;
      const values = [now, lookups, imports, all, now + leaseMs, maxAttempts, before];
      const jobs = await tx.query<DueRow>(CLAIM, values);
      if (jobs.length === 0) return [];
      const spent = jobs.filter((job) => job.new_lease_id === null);
      const taken = jobs.filter((job) => job.new_lease_id !== null);
      const claimed = taken.map((job): ClaimedJob => ({
        ...jobRecord(job),
        status: "Started",
        attempts: job.attempts + 1,
        startedAt: job.started_at ?? now,
        leaseId: job.new_lease_id!,
        turn: job.turn,
      }));
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
      if (spent.length > 0) tx.afterCommit(feed.due); // others may wait for the places that they took
      return claimed;
    });
}

const givenUp = (attempts: number) =>
  `Given up after ${attempts} attempts, none of which came to an end. Retry it; if that fails too, look into the server's log.`;
