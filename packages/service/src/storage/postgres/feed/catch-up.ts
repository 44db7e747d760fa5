import type { JobStatus } from "@prosopon/core/contract";
import type { StoredEvent } from "../../types.ts";
import type { Database } from "../database.ts";

/** Events read at once. */
const BATCH = 1_000;
const RETRY_MS = 250;

export interface CatchUp {
  /** Sets every account's cursor to its newest event: what came before is not told. */
  begin(): Promise<void>;
  /** An event that this node committed: told at once if it is the account's next, else with what lies between. */
  offer(account: number, event: StoredEvent): void;
  /** The account has events up to `seq`. */
  want(account: number, seq: number): void;
  /** Reads the heads of all accounts, and what they are ahead. */
  look(): Promise<void>;
  stop(): void;
}

/** While `isHeard` says that nobody listens, as on a worker, nothing is read: cursors only move on. */
export function createCatchUp(
  { read }: Database,
  tell: (event: StoredEvent) => void,
  isHeard: () => boolean,
): CatchUp {
  /** Newest event told, by account; accounts that came after `begin` count from 0. */
  const cursors = new Map<number, number>();
  const wanted = new Map<number, number>();
  let running = false;
  let stopped = false;

  const cursor = (account: number) => cursors.get(account) ?? 0;

  function want(account: number, seq: number): void {
    if (stopped || seq <= cursor(account) || seq <= (wanted.get(account) ?? 0)) return;
    if (!isHeard()) return void cursors.set(account, seq);
    wanted.set(account, seq);
    if (!running) void run();
  }

  async function run(): Promise<void> {
    running = true;
    try {
      while (wanted.size > 0) await readOn();
    } catch {
      // The database is away for longer than `read` waits.
      if (!stopped) setTimeout(() => void run(), RETRY_MS).unref();
      return;
    }
    running = false;
  }

  async function readOn(): Promise<void> {
    const behind = [...wanted];
    const from = new Map(behind.map(([account]) => [account, cursor(account)]));
    const rows = await read<{
      account: number;
      account_id: string;
      seq: number;
      job_id: string;
      status: JobStatus;
    }>(
      // The primary key, once for each account.
      `SELECT c.account, a.id AS account_id, e.seq, j.id AS job_id, e.status
       FROM unnest($1::int[], $2::bigint[]) AS c (account, seq) JOIN accounts a ON a.row = c.account
       CROSS JOIN LATERAL (SELECT * FROM events e WHERE e.account = c.account AND e.seq > c.seq ORDER BY e.seq LIMIT ${BATCH}) e
       JOIN jobs j ON j.row = e.job
       ORDER BY e.account, e.seq LIMIT ${BATCH}`,
      [[...from.keys()], [...from.values()]],
    );
    if (stopped) return;
    const full = rows.length === BATCH ? rows.at(-1)!.account : undefined;
    for (const row of rows) {
      // Told meanwhile by `offer`.
      if (row.seq <= cursor(row.account)) continue;
      cursors.set(row.account, row.seq);
      tell({ seq: row.seq, accountId: row.account_id, jobId: row.job_id, status: row.status });
    }
    for (const [account, seq] of behind) {
      // Cut off by the limit at this account: the rest of it and the later ones are still to be read.
      if (full !== undefined && account >= full) continue;
      // Where the newest events have been forgotten, there is nothing left to wait for.
      cursors.set(account, Math.max(cursor(account), seq));
      if (wanted.get(account) === seq) wanted.delete(account);
    }
  }

  return {
    async begin() {
      const heads = await read<{ account: number; seq: number }>("SELECT account, seq FROM account_heads");
      for (const { account, seq } of heads) cursors.set(account, seq);
    },
    offer(account, event) {
      const last = cursor(account);
      if (event.seq === last + 1) {
        cursors.set(account, event.seq);
        tell(event);
      } else want(account, event.seq);
    },
    want,
    async look() {
      if (!isHeard()) return;
      try {
        const heads = await read<{ account: number; seq: number }>("SELECT account, seq FROM account_heads");
        for (const { account, seq } of heads) want(account, seq);
      } catch {
        // The next look is due soon.
      }
    },
    stop() {
      stopped = true;
      wanted.clear();
    },
  };
}
