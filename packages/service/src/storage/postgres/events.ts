import type { JobStatus } from "@prosopon/core/contract";
import type { Storage, StoredEvent } from "../types.ts";
import type { Context } from "./context.ts";
import type { Prepared, Transaction } from "./database.ts";
import type { Feed } from "./feed/feed.ts";
import type { JobRow } from "./jobs/record.ts";

export interface Events extends Pick<Storage["events"], "since" | "head"> {
  /**
   * The last statement of a transaction that changes jobs: writes the events and has them told after the commit. From
   * here to the commit it holds the heads of the accounts, in the accounts' order, so that no two wait for each other.
   */
  record(tx: Transaction, changes: readonly Change[]): Promise<void>;
  /** After the commit has the events told that a statement of this transaction wrote besides its own work. */
  written(tx: Transaction, changes: readonly (Change & { seq: number })[]): void;
}

interface Change {
  job: JobRow;
  status: JobStatus;
  /** Bytes of images that its end let go of. */
  freed?: number;
}

/** Of one change, as most transactions make: planned in half the time of the one below. */
const RECORD_ONE: Prepared = {
  name: "record_one",
  text: `
  WITH moved AS (
    UPDATE account_heads SET seq = seq + 1, unfinished_jobs = unfinished_jobs - $4::int, pending_bytes = pending_bytes - $5::bigint
    WHERE account = $1 RETURNING seq)
  INSERT INTO events (account, seq, job, status) SELECT $1, seq, $2, $3 FROM moved RETURNING seq, job`,
};

/**
 * CTEs that write the events of `change` (account, job, status, place, freed), and name them `told`. UPDATE sees the rows that
 * `held` waited for as they are then, since it looks at the newest version of a row.
 */
export const TELL = `
  held AS (
    SELECT account FROM account_heads WHERE account IN (SELECT account FROM change) ORDER BY account FOR NO KEY UPDATE
  ), moved AS (
    UPDATE account_heads h SET seq = h.seq + c.count, unfinished_jobs = h.unfinished_jobs - c.ended, pending_bytes = h.pending_bytes - c.freed
    FROM (SELECT account, count(*), count(*) FILTER (WHERE status IN ('Succeeded', 'Failed')) AS ended, sum(freed)::bigint AS freed
      FROM change JOIN held USING (account) GROUP BY account) c
    WHERE h.account = c.account RETURNING h.account, h.seq - c.count AS base
  ), told AS (
    INSERT INTO events (account, seq, job, status)
    SELECT account, base + row_number() OVER (PARTITION BY account ORDER BY place), job, status FROM change JOIN moved USING (account)
    RETURNING seq, job
  )`;

const RECORD = `
  WITH change AS (
    SELECT * FROM unnest($1::int[], $2::bigint[], $3::text[], $4::bigint[]) WITH ORDINALITY AS c (account, job, status, freed, place)
  ), ${TELL}
  SELECT * FROM told`;

export function createEvents({ read, accountRow }: Context, feed: Feed): Events {
  const written: Events["written"] = (tx, changes) => {
    if (changes.length === 0) return;
    const events = changes.map(({ job, status, seq }) => ({
      account: job.account,
      event: { seq, accountId: job.account_id, jobId: job.id, status },
    }));
    tx.afterCommit(() => feed.committed(events.toSorted((a, b) => a.event.seq - b.event.seq)));
  };

  return {
    written,
    async record(tx, changes) {
      const [first, ...others] = changes;
      if (!first) return;
      const rows = await (others.length === 0
        ? tx.query<{ seq: number; job: number }>(RECORD_ONE, [
            first.job.account,
            first.job.row,
            first.status,
            first.status === "Succeeded" || first.status === "Failed" ? 1 : 0,
            first.freed ?? 0,
          ])
        : tx.query<{ seq: number; job: number }>(RECORD, [
            changes.map(({ job }) => job.account),
            changes.map(({ job }) => job.row),
            changes.map(({ status }) => status),
            changes.map(({ freed = 0 }) => freed),
          ]));
      const seqs = new Map(rows.map(({ seq, job }) => [job, seq]));
      written(
        tx,
        changes.map(({ job, status }) => ({ job, status, seq: seqs.get(job.row)! })),
      );
    },
    async since(accountId, seq, limit) {
      const account = await accountRow(accountId);
      // One statement, so that what is read and what is known to be there are of the same moment. The primary key's order.
      const rows = await read<{
        head: number;
        swept: number;
        seq: number | null;
        job_id: string;
        status: JobStatus;
      }>(
        `SELECT h.seq AS head, h.swept, e.seq, e.job_id, e.status FROM account_heads h LEFT JOIN LATERAL (
           SELECT e.seq, j.id AS job_id, e.status FROM events e JOIN jobs j ON j.row = e.job
           WHERE e.account = h.account AND e.seq > $2 ORDER BY e.seq LIMIT $3) e ON true
         WHERE h.account = $1 ORDER BY e.seq`,
        [account, seq, limit],
      );
      const [known] = rows;
      if (!known) return { events: [], complete: seq === 0 };
      const events = rows.flatMap((row): StoredEvent[] =>
        row.seq === null ? [] : [{ seq: row.seq, accountId, jobId: row.job_id, status: row.status }],
      );
      return { events, complete: seq >= known.swept && seq <= known.head };
    },
    async head(accountId) {
      const [row] = await read<{ seq: number }>("SELECT seq FROM account_heads WHERE account = $1", [
        await accountRow(accountId),
      ]);
      return row?.seq ?? 0;
    },
  };
}
