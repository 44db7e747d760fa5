import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { StorageError } from "../types.ts";
import { isConflict, isOutage, isSilence, withoutValues } from "./faults.ts";

type Value =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly string[]
  | readonly (number | null)[]
  | readonly boolean[]
  | readonly Uint8Array[];

export interface Transaction {
  query<R>(sql: string, values?: readonly Value[]): Promise<R[]>;
  /** Runs in the same turn as the answer to COMMIT, and not at all when it is rolled back. */
  afterCommit(effect: () => void): void;
}

export interface Database {
  /** One statement that reads. */
  read<R>(sql: string, values?: readonly Value[]): Promise<R[]>;
  /**
   * Deadlocks and outages before COMMIT was sent start the work again; so it changes nothing but the database. An outage
   * during COMMIT leaves open whether it was done: `repeatable` work finds out by itself and is started again too.
   * `single` work is one statement, which needs no BEGIN and COMMIT around it: two round trips less.
   */
  transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    options?: { repeatable?: boolean; single?: boolean },
  ): Promise<T>;
  /** One statement outside any transaction, e.g. VACUUM, which takes as long as it takes. Not repeated. */
  maintain(sql: string, limitMs?: number): Promise<void>;
  end(): Promise<void>;
}

/** How long a call waits for a database that is away, e.g. restarting, before it fails. Milliseconds. */
const PATIENCE_MS = 15_000;
/** A statement without an answer for so long has lost its connection, or would be no use to its caller any more. Milliseconds. */
const STATEMENT_MS = 60_000;
/** A VACUUM of many millions of vectors takes hours. */
const MAINTENANCE_MS = 86_400_000;
/**
 * A client that has given a statement up closes its connection; without this the server would not look, and a transaction
 * that waits for a lock would go on holding its own ones. Until the transaction's end, for a pooler's next client.
 */
const BEGIN = "BEGIN; SET LOCAL client_connection_check_interval = '5s'";
/** Deadlocks and the like: the others that took part go on meanwhile, so a few tries do. */
const MAX_CONFLICTS = 8;

/** int8 as a number: rows and milliseconds stay far below 2^53. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8
      ? Number
      : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
};

/**
 * Nothing lives in a session from one transaction to the next (no named statements, no SET, no advisory lock held), so
 * that a pooler may hand every transaction to another connection.
 */
export function createDatabase(url: string, connections: number, statementMs = STATEMENT_MS): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    types,
    keepAlive: true,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: statementMs,
    application_name: "prosopon",
  });
  // A connection that breaks while nobody uses it is replaced; one in use rejects its query as well.
  pool.on("error", () => {});
  pool.on("connect", (client) => void client.on("error", () => {}));

  async function once<T>(
    work: (tx: Transaction) => Promise<T>,
    single: boolean,
    commit: () => void,
  ): Promise<T> {
    const client = await pool.connect();
    let broken: Error | undefined;
    const effects: (() => void)[] = [];
    try {
      if (single) commit();
      else await client.query(BEGIN);
      const result = await work({
        query: async <R>(sql: string, values: readonly Value[] = []) =>
          (await client.query(sql, values as unknown[])).rows as R[],
        afterCommit: (effect) => void effects.push(effect),
      });
      if (!single) {
        commit();
        await client.query("COMMIT");
      }
      for (const effect of effects) effect();
      return result;
    } catch (error) {
      // Behind a statement that has no answer a ROLLBACK would wait as long again: closing the connection does it too.
      if (isSilence(error)) broken = error;
      else if (!single) await client.query("ROLLBACK").catch((failed: Error) => (broken = failed));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  return {
    async read<R>(sql: string, values: readonly Value[] = []) {
      return patiently(
        async () => (await pool.query(sql, values as unknown[])).rows as R[],
        () => true,
      );
    },
    async transaction(work, { repeatable = false, single = false } = {}) {
      let committing = false;
      return patiently(
        () => {
          committing = false;
          return once(work, single, () => (committing = true));
        },
        () => repeatable || !committing,
      );
    },
    async maintain(sql, limitMs = MAINTENANCE_MS) {
      // Known to the client, though not to its types.
      const statement: pg.QueryConfig & { query_timeout: number } = { text: sql, query_timeout: limitMs };
      await pool.query(statement).catch((error: unknown) => {
        throw withoutValues(error);
      });
    },
    end: () => pool.end(),
  };
}

async function patiently<T>(attempt: () => Promise<T>, mayRepeat: () => boolean): Promise<T> {
  const start = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (isConflict(error) && tries < MAX_CONFLICTS) {
        await sleep(Math.random() * 10 * tries);
        continue;
      }
      if (!isOutage(error) && !isSilence(error)) throw withoutValues(error);
      if (isSilence(error) || !mayRepeat() || performance.now() - start > PATIENCE_MS) {
        throw new StorageError(
          "unusable",
          "The database does not answer. Check that PostgreSQL runs and can be reached, then try again.",
          { cause: error },
        );
      }
      await sleep(Math.min(50 * 2 ** tries, 1_000) * (0.5 + Math.random()));
    }
  }
}
