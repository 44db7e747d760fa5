import { DUE } from "../../rules/due.ts";
import { givenUp } from "../../rules/ends.ts";
import { REACH } from "../../rules/turn.ts";
import type { ClaimedJob, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Prepared } from "../database.ts";
import { type Events, TELL } from "../events.ts";
import type { Feed } from "../feed/feed.ts";
import type { EndJobs } from "./end.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";

/** Without a lease and an event where the tries were used up; without an event where it was Started already. */
type DueRow = JobRow & { new_lease_id: string | null; new_deaths: number; seq: number | null };

/** jobs_queue from its beginning, for each rank; it passes over the jobs under a lease, in back-off, or in another claim's hands. */
const due = (name: string, rank: number, limit: string, where = "") => `
  ${name} AS (
    SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.rank = ${rank} AND ${DUE("$1::bigint")} ${where}
    ORDER BY j.turn, j.row LIMIT ${limit} FOR UPDATE OF j SKIP LOCKED)`;

/** Those due as they were, with the new lease of those that got one, and their events in the same statement. Locks: jobs, heads. */
const claim = (name: string, lookups: string, imports: string): Prepared => ({
  name,
  text: `
  WITH ${due("lookups", 0, "$2::int", lookups)}, ${due("imports", 1, "least($3::int, $4::int - (SELECT count(*) FROM lookups))", imports)},
  due AS (SELECT * FROM lookups UNION ALL SELECT * FROM imports),
  leased AS (
    UPDATE jobs SET deaths = jobs.deaths + (jobs.status = 'Started')::int, status = 'Started', attempts = jobs.attempts + 1, lease_id = gen_random_uuid(), due_at = $5,
      started_at = coalesce(jobs.started_at, $1)
    -- By an array: of how many imports there are PostgreSQL knows nothing, takes a tenth of all that wait, and would for so many read the whole table.
    WHERE jobs.row = ANY (ARRAY(SELECT due.row FROM due WHERE due.attempts < $6)) RETURNING jobs.row, jobs.lease_id AS new_lease_id, jobs.deaths AS new_deaths),
  change AS (
    SELECT account, row AS job, 'Started' AS status, 0 AS freed, row_number() OVER (ORDER BY rank, turn, row) AS place
    FROM due JOIN leased USING (row) WHERE status <> 'Started'),
  ${TELL}
  SELECT due.*, leased.new_lease_id, leased.new_deaths, told.seq FROM due LEFT JOIN leased USING (row) LEFT JOIN told ON told.job = due.row
  ORDER BY rank, turn, row`,
});

const EARLIER = "AND j.turn < $7::bigint";
/** Near the newest served turn, which is read from the end of jobs_served; all where nobody is excepted. */
const others = (rank: number, accounts: string) => `
  AND j.account <> ALL (${accounts}::int[]) AND j.turn < CASE WHEN cardinality(${accounts}::int[]) = 0 THEN ${Number.MAX_SAFE_INTEGER}
    ELSE (SELECT coalesce(max(s.turn), 0) + ${REACH} FROM jobs s WHERE s.rank = ${rank} AND s.started_at IS NOT NULL) END`;

const CLAIM = claim("claim", EARLIER, "");
const CLAIM_OTHERS = claim("claim_others", EARLIER + others(0, "$8"), others(1, "$9"));

/** Again, and held: another claim may have given them up meanwhile. */
const SPENT = `
  SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.row = ANY ($1::bigint[]) AND ${DUE("$2::bigint")} AND j.attempts >= $3
  ORDER BY j.row FOR UPDATE OF j SKIP LOCKED`;

export function createClaim(
  { accountRow, transaction }: Context,
  events: Events,
  feed: Feed,
  end: EndJobs,
): Storage["jobs"]["claim"] {
  async function giveUp(
    rows: number[],
    now: number,
    maxAttempts: number,
    keepDeadMs?: number,
  ): Promise<void> {
    await transaction(
      async (tx) => {
        const spent = await tx.query<JobRow>(SPENT, [rows, now, maxAttempts]);
        const deadUntil = keepDeadMs === undefined ? undefined : now + keepDeadMs;
        const endings = spent.map((job) => ({
          job,
          ending: { status: "Failed" as const, error: givenUp(job.attempts), deadUntil },
        }));
        await events.record(tx, await end(tx, endings, now));
        tx.afterCommit(feed.due); // others may wait for the places that they took
      },
      { repeatable: true },
    );
  }

  return async ({
    limit,
    before = Number.MAX_SAFE_INTEGER,
    except,
    leaseMs,
    maxAttempts,
    keepDeadMs,
    now,
  }) => {
    const rows = (ids: string[] = []) => Promise.all(ids.map(accountRow));
    const left = [await rows(except?.lookups), await rows(except?.imports)];
    const everyone = left.every((accounts) => accounts.length === 0);
    const { lookups, imports } = typeof limit === "number" ? { lookups: limit, imports: limit } : limit;
    const all = typeof limit === "number" ? limit : lookups + imports;
    const jobs = await transaction(
      async (tx) => {
        const values = [now, lookups, imports, all, now + leaseMs, maxAttempts, before];
        const due = await (everyone
          ? tx.query<DueRow>(CLAIM, values)
          : tx.query<DueRow>(CLAIM_OTHERS, [...values, ...left]));
        events.written(
          tx,
          due.flatMap((job) => (job.seq === null ? [] : [{ job, status: "Started" as const, seq: job.seq }])),
        );
        return due;
      },
      // Repeated when its answer was lost: what was leased to nobody then is due again when the lease runs out.
      { repeatable: true, single: true },
    );
    const spent = jobs.filter((job) => job.new_lease_id === null).map(({ row }) => row);
    if (spent.length > 0) await giveUp(spent, now, maxAttempts, keepDeadMs);
    return jobs
      .filter((job) => job.new_lease_id !== null)
      .map((job): ClaimedJob => ({
        ...jobRecord(job),
        status: "Started",
        attempts: job.attempts + 1,
        startedAt: job.started_at ?? now,
        leaseId: job.new_lease_id!,
        turn: job.turn,
        deaths: job.new_deaths,
      }));
  };
}
