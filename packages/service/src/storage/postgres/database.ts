import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import pg from "pg";
import { StorageError } from "../types.ts";
import { type Address, textOf } from "./address.ts";
import {
  isConflict,
  isOutage,
  isSilence,
  isStale,
  type Trouble,
  troubleOf,
  Unconnected,
  withoutValues,
} from "./faults.ts";
import { createOutages } from "./outages.ts";
import { isPooled } from "./pooled.ts";
import { probe, type Probed } from "./probe.ts";

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
  /** That it can be read and written. @throws StorageError `away`, `full` */
  probe(): Promise<Probed>;
  /** One statement outside any transaction, e.g. VACUUM, which takes as long as it takes. Not repeated. */
  maintain(sql: string, limitMs?: number): Promise<void>;
  end(): Promise<void>;
}

/**
 * How long a call waits in all: for a database that is away, e.g. restarting, to come back, and for a statement without an answer,
 * whose connection broke without a word. Callers are told within 15 s, below the 60 s of common proxies. Milliseconds.
 */
const PATIENCE_MS = 14_000;
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
export function createDatabase(
  address: Address,
  connections: number,
  { patienceMs = PATIENCE_MS, logger }: { patienceMs?: number; logger?: Logger | undefined } = {},
): Database {
  const pool = new pg.Pool({
    max: connections,
    types,
    keepAlive: true,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    application_name: "prosopon",
    // The pool's own would know the address of the start alone.
    Client: class extends pg.Client {
      constructor(config?: pg.ClientConfig) {
        super({ ...config, connectionString: textOf(address) });
      }
    },
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

  const opened = new WeakMap<pg.PoolClient, number>();
  pool.on("connect", (client) => void opened.set(client, performance.now()));

  async function connect(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await pool.connect().catch((error: Error) => {
        throw pool.ending ? error : new Unconnected(error.message, { cause: error });
      });
      // A session that was opened to a read-only database stays read-only where a setting made it so.
      if ((opened.get(client) ?? 0) >= outages.writableSince()) return client;
      client.release(true);
    }
  }

  async function query<R>(sql: string, values: readonly Value[] = []): Promise<R[]> {
    const client = await connect();
    let broken: Error | undefined;
    try {
      return (await client.query(sql, values as unknown[])).rows as R[];
    } catch (error) {
      broken = error as Error;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async function once<T>(
    work: (tx: Transaction) => Promise<T>,
    single: boolean,
    commit: () => void,
  ): Promise<T> {
    const client = await connect();
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
      // One that was opened to a primary that has become a standby never writes again.
      if (isSilence(error) || isStale(error) || troubleOf(error) === "read-only") broken = error as Error;
      else if (!single) await client.query("ROLLBACK").catch((failed: Error) => (broken = failed));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  const outages = createOutages(() => look(), logger);
  const look = () => probe({ connect, outages, tell });
  const tell = (error: unknown, trouble: Trouble, at?: number) =>
    outages.met(told(error, trouble), trouble, at);

  async function patiently<T>(
    attempt: (late: () => boolean) => Promise<T>,
    mayRepeat: () => boolean,
  ): Promise<T> {
    const start = performance.now();
    const late = () => performance.now() - start > patienceMs;
    let [last, lastAt]: [unknown, number?] = [undefined];
    const remembered = (isLate: () => boolean) =>
      attempt(isLate).catch((error: unknown) => {
        [last, lastAt] = [error, performance.now()];
        throw error;
      });
    const over = Promise.withResolvers<never>();
    // A statement that was begun late has its own limit from then on; its caller does not wait for that.
    const timer = setTimeout(() => over.reject(new Unconnected("late", { cause: last })), patienceMs);
    try {
      return await Promise.race([repeatedly(remembered, mayRepeat, late), over.promise]);
    } catch (error) {
      const trouble = troubleOf(error);
      throw trouble ? tell(withoutValues(error), trouble, lastAt) : withoutValues(error);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async read<R>(sql: string, values: readonly Value[] = []) {
      return patiently(
        () => query<R>(sql, values),
        () => true,
      );
    },
    async transaction(work, { repeatable = false, single = false } = {}) {
      let committing = false;
      return patiently(
        (late) => {
          committing = false;
          return once(work, single, () => {
            // Its caller has been told that nothing is known to be done.
            if (late()) throw new Unconnected("late");
            committing = true;
          });
        },
        () => repeatable || !committing,
      );
    },
    probe: look,
    async maintain(sql, limitMs = MAINTENANCE_MS) {
      // Known to the client, though not to its types.
      const statement: pg.QueryConfig & { query_timeout: number } = { text: sql, query_timeout: limitMs };
      await pool.query(statement).catch((error: unknown) => {
        throw withoutValues(error);
      });
    },
    end() {
      outages.stop();
      return pool.end();
    },
  };
}

/** What may be met again, and what not. */
async function repeatedly<T>(
  attempt: (late: () => boolean) => Promise<T>,
  mayRepeat: () => boolean,
  late: () => boolean,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(late);
    } catch (error) {
      if ((isConflict(error) || isStale(error)) && tries < MAX_CONFLICTS) {
        await sleep(Math.random() * 10 * tries);
        continue;
      }
      // A database that fails over is read-only for seconds; what took too long would take as long again.
      const passing = error instanceof Unconnected || isOutage(error) || troubleOf(error) === "read-only";
      if (!passing || !mayRepeat() || late()) throw error;
      await sleep(Math.min(50 * 2 ** tries, 1_000) * (0.5 + Math.random()));
    }
  }
}

const TOLD: Record<Trouble, string> = {
  away: "The database does not answer. Check that PostgreSQL runs and can be reached, then try again.",
  refused:
    "The database does not let this node in, or not do its work. Check its user's password, its right to log in, and its rights.",
  "read-only": "The database takes no changes: it is read-only, or a standby that was not promoted.",
  full: "The database's disk is full. Free some space there, or enlarge it; nothing else needs to be done.",
  slow: "The database did not answer within its own statement_timeout or lock_timeout, or somebody cancelled it; try again.",
  failing: "The database is out of memory, or its disk fails. Look at PostgreSQL's log.",
};

/** Without a word of PostgreSQL's: that is in `cause`, for the log. */
const told = (cause: unknown, trouble: Trouble): StorageError =>
  new StorageError(trouble === "full" ? "full" : "away", TOLD[trouble], {
    cause: cause instanceof Unconnected ? (cause.cause ?? cause) : cause,
  });
