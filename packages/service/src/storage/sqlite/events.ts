import type { JobStatus } from "@prosopon/core/contract";
import type { Storage, StoredEvent } from "../types.ts";
import type { Context } from "./context.ts";
import { subscribe, tell } from "../listeners.ts";

export interface Events {
  since: Storage["events"]["since"];
  head: Storage["events"]["head"];
  listen: Storage["events"]["listen"];
  onDue: Storage["events"]["onDue"];
  /** Inside the transaction that changes the job: writes the event and has it told after the commit. */
  record(job: { row: number; id: string; account: number; accountId: string }, status: JobStatus): void;
  /** Inside a transaction: has workers told, after the commit, that a job may be due. */
  due(): void;
}

export function createEvents({ db, accountRow, afterCommit }: Context): Events {
  const next = db
    .prepare<[number], number>(
      "UPDATE accounts SET event_seq = event_seq + 1 WHERE row = ? RETURNING event_seq",
    )
    .pluck();
  const insert = db.prepare("INSERT INTO events (account, seq, job, status) VALUES (?, ?, ?, ?)");
  const ends = db.prepare<[number], { event_seq: number; event_swept: number }>(
    "SELECT event_seq, event_swept FROM accounts WHERE row = ?",
  );
  // The primary key's order.
  const since = db.prepare<[number, number, number], { seq: number; job_id: string; status: JobStatus }>(
    `SELECT e.seq, j.id AS job_id, e.status FROM events e JOIN jobs j ON j.row = e.job
     WHERE e.account = ? AND e.seq > ? ORDER BY e.seq LIMIT ?`,
  );
  const listeners = new Set<(event: StoredEvent) => void>();
  const dueListeners = new Set<() => void>();

  return {
    async since(accountId, seq, limit) {
      const account = accountRow(accountId);
      const known = account === undefined ? undefined : ends.get(account);
      if (account === undefined || !known) return { events: [], complete: seq === 0 };
      const events = since
        .all(account, seq, limit)
        .map((row): StoredEvent => ({ seq: row.seq, accountId, jobId: row.job_id, status: row.status }));
      return { events, complete: seq >= known.event_swept && seq <= known.event_seq };
    },
    async head(accountId) {
      const account = accountRow(accountId);
      return account === undefined ? 0 : (ends.get(account)?.event_seq ?? 0);
    },
    listen: (listener) => subscribe(listeners, listener),
    onDue: (listener) => subscribe(dueListeners, listener),
    record(job, status) {
      const seq = next.get(job.account)!;
      insert.run(job.account, seq, job.row, status);
      const event: StoredEvent = { seq, accountId: job.accountId, jobId: job.id, status };
      afterCommit(() => tell(listeners, event));
    },
    due: () => afterCommit(() => tell(dueListeners, undefined)),
  };
}
