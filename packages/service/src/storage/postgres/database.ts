import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { StorageError } from "../types.ts";
import { isConflict, isDiskFull, isOutage, isSilence, isStale, withoutValues } from "./faults.ts";
import { isPooled } from "./pooled.ts";

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

/**
 * Planned once for each connection, not with each run: planning is half of what a job costs. Only for what is planned
 * alike whatever its values, such as a walk along an index for a few rows. A plan of when the table was empty holds until
 * PostgreSQL's next ANALYZE: a claim of 8 ms instead of 1 in the first minute after 100,000 jobs came.
 */
export interface Prepared {
  name: string;
  text: string;
}

export interface Transaction {
  query<R>(sql: string | Prepared, values?: readonly Value[]): Promise<R[]>;
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
 * Nothing lives in a session from one transaction to the next (no SET, no advisory lock held, and no named statement
 * where a pooler is found to stand between), so that it may hand every transaction to another connection.
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

  const direct = new WeakMap<pg.PoolClient, boolean>();
  async function isDirect(client: pg.PoolClient): Promise<boolean> {
    const known = direct.get(client) ?? !(await isPooled(client));
    direct.set(client, known);
    return known;
  }

  async function once<T>(
    work: (tx: Transaction) => Promise<T>,
    single: boolean,
    commit: () => void,
  ): Promise<T> {
    const client = await pool.connect();
    let broken: Error | undefined;
    const effects: (() => void)[] = [];
    try {
      const named = await isDirect(client);
      if (single) commit();
      else await client.query(BEGIN);
      const result = await work({
        query: async <R>(sql: string | Prepared, values: readonly Value[] = []) => {
          const { text, name } = typeof sql === "string" ? { text: sql } : sql;
          const statement = { text, values: values as unknown[], ...(named && name && { name }) };
          return (await client.query(statement)).rows as R[];
        },
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
      if (isSilence(error) || isStale(error)) broken = error;
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
      if ((isConflict(error) || isStale(error)) && tries < MAX_CONFLICTS) {
        await sleep(Math.random() * 10 * tries);
        continue;
      }
      if (isDiskFull(error))
        throw new StorageError(
          "full",
          "The database's disk is full. Free some space there, or enlarge it; nothing else needs to be done.",
          { cause: withoutValues(error) },
        );
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
