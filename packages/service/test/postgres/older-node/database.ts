import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import * as sql from "./statements.ts";

export interface OlderDatabase {
  read: Query;
  /** Serialisation failures and deadlocks start the work again. `changed` is its last statement. */
  transaction<T>(
    work: (query: Query, changed: (changes: Change[]) => Promise<void>) => Promise<T>,
  ): Promise<T>;
  accountRow(id: string): Promise<number>;
  close(): Promise<void>;
}

export interface Row {
  row: number;
  account: number;
  account_id: string;
  id: string;
  kind: "enrol" | "search";
  status: string;
  payload: { externalId?: string; images: unknown[] };
  attempts: number;
  lease_id: string | null;
  finished_at: number | null;
}
export interface Change {
  job: Row;
  status: string;
}
export type Query = <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<R[]>;

const MAX_CONFLICTS = 8;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8
      ? Number
      : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
};

/** @param slowMs between the statements of a transaction, at most */
export function openDatabase(url: string, slowMs: number): OlderDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    types,
    application_name: "older node",
  });
  pool.on("error", () => {});
  const origin = randomBytes(6).toString("base64url");
  const accounts = new Map<string, number>();
  const read: Query = async (text, values) => (await pool.query(text, values)).rows;

  async function accountRow(id: string): Promise<number> {
    const known = accounts.get(id) ?? (await read<{ row: number }>(sql.ACCOUNT_ROW, [id]))[0]!.row;
    accounts.set(id, known);
    return known;
  }

  async function transaction<T>(
    work: (query: Query, changed: (changes: Change[]) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      const client = await pool.connect();
      const moved = new Map<number, number>();
      const query: Query = async (text, values) => {
        const { rows } = await client.query(text, values);
        if (slowMs > 0) await sleep(slowMs * Math.random());
        return rows;
      };
      try {
        await client.query("BEGIN");
        const result = await work(query, async (changes) => {
          for (const { account, seq } of await record(query, changes))
            moved.set(account, Math.max(seq, moved.get(account) ?? 0));
        });
        await client.query("COMMIT");
        if (moved.size > 0) await notify(moved);
        return result;
      } catch (error) {
        await client.query("ROLLBACK").catch(() => {});
        if (!/^(40001|40P01)$/.test((error as { code?: string }).code ?? "") || tries === MAX_CONFLICTS)
          throw error;
      } finally {
        client.release();
      }
      await sleep(Math.random() * 10 * tries);
    }
  }

  function record(query: Query, changes: Change[]): Promise<{ account: number; seq: number }[]> {
    if (changes.length === 0) return Promise.resolve([]);
    return query(sql.RECORD_EVENTS, [
      changes.map(({ job }) => job.account),
      changes.map(({ job }) => job.row),
      changes.map(({ status }) => status),
    ]);
  }

  const notify = (moved: Map<number, number>) =>
    read(
      `NOTIFY prosopon, '${origin};1;${[...moved].map(([account, seq]) => `${account}:${seq}`).join(",")}'`,
    );

  return { read, transaction, accountRow, close: () => pool.end() };
}
