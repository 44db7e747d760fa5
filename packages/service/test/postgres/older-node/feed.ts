import pg from "pg";
import type { OlderDatabase } from "./database.ts";
import * as sql from "./statements.ts";

export interface Told {
  accountId: string;
  seq: number;
  jobId: string;
  status: string;
}

export interface Feed {
  /** What its subscribers were told since `listen` resolved. */
  readonly told: Told[];
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** Reads on wherever a notification says that there is something new. */
export function createFeed(url: string, { read }: OlderDatabase): Feed {
  const told: Told[] = [];
  const cursors = new Map<number, number>();
  let listener: pg.Client | undefined;
  let reading: Promise<void> = Promise.resolve();
  async function readOn(): Promise<void> {
    for (const { account } of await read<{ account: number }>(sql.HEADS))
      cursors.set(account, cursors.get(account) ?? 0);
    type Event = { account: number; account_id: string; seq: number; job_id: string; status: string };
    const rows = await read<Event>(sql.READ_EVENTS, [[...cursors.keys()], [...cursors.values()]]);
    for (const { account, account_id, seq, job_id, status } of rows) {
      cursors.set(account, seq);
      told.push({ accountId: account_id, seq, jobId: job_id, status });
    }
  }

  return {
    told,
    async listen() {
      listener = new pg.Client({ connectionString: url });
      await listener.connect();
      listener.on("notification", () => {
        reading = reading.then(readOn);
      });
      await listener.query("LISTEN prosopon");
      for (const { account, seq } of await read<{ account: number; seq: number }>(sql.HEADS))
        cursors.set(account, seq);
    },
    async close() {
      await listener?.end();
      await reading;
    },
  };
}
