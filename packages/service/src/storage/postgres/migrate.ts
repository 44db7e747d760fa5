import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { StorageError } from "../types.ts";
import { type Address, textOf } from "./address.ts";
import { isConflict, isLockTimeout, isOutage, isRestart, withoutValues } from "./faults.ts";
import { migrations } from "./migrations.generated.ts";
import { numberOf, tooNew, unfit, type Versions, versions } from "./requirements.ts";

/** Names the advisory lock: the bytes of "pros". */
const LOCK = 0x70726f73;
/**
 * While a migration waits for a table, everyone else waits behind it; a backup may hold one for hours. So it waits so long, lets
 * them pass, and tries again: 2 minutes in all. Milliseconds.
 */
const WAITS = { lockMs: 3_000, restMs: 9_000, tries: 10 };
/** How long a server that is starting, or going down to start again, is waited for. Milliseconds. */
const PATIENCE_MS = 15_000;
/** The server's own limits are for queries. Until the transaction's end, so that a pooler's next client has them again. */
const BEGIN =
  "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";

export interface MigrationState {
  /** Names, oldest first; those of a newer version among them. */
  applied: string[];
  pending: { name: string; sql: string }[];
  versions: Versions;
  /** Why this version cannot run on the database even after migrating, in words. */
  problem?: string;
}

/** Reads only: what `migratePostgres` would do. */
export async function postgresMigrations(url: Address): Promise<MigrationState> {
  return connected(url, state);
}

/** For whoever is not to change the schema. @throws StorageError `unusable` where there is none yet, or an older one */
export async function expectMigrated(url: Address): Promise<void> {
  const { applied, pending, problem } = await postgresMigrations(url);
  if (problem) throw new StorageError("unusable", problem);
  if (applied.length === 0)
    throw new StorageError(
      "unusable",
      "There is no Prosopon data in this database. Name the one that `serve` was given.",
    );
  if (pending.length > 0)
    throw new StorageError(
      "unusable",
      `The database's schema is an older release's (${pending.map(({ name }) => name).join(", ")} not applied), and this command does not change it. Use the release that its nodes run, or bring it up to date with \`prosopon migrate\`.`,
    );
}

/**
 * Brings the schema up to date and returns what it applied. Any number of nodes may do so at once: they queue at a lock,
 * and each migration commits with its number, so one that is cut short runs again from its start.
 * @throws StorageError `unusable`
 */
export async function migratePostgres(url: Address, waits = WAITS): Promise<string[]> {
  return connected(url, async (client) => {
    const applied: string[] = [];
    for (;;) {
      await client.query(BEGIN);
      // Released by the end of the transaction, also through a pooler.
      await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
      const { pending, problem } = await state(client);
      if (problem) throw new StorageError("unusable", problem);
      const [next] = pending;
      if (!next) {
        await client.query("COMMIT");
        return applied;
      }
      const sql = `CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, name text NOT NULL, needs integer NOT NULL);\n${next.sql}`;
      await apply(client, sql, waits).catch((error: unknown) => {
        throw new StorageError(
          "unusable",
          `Migration ${next.name} failed and was undone: ${(error as Error).message}. ${hint(error)}`,
          { cause: withoutValues(error) },
        );
      });
      await client.query("INSERT INTO migrations (number, name, needs) VALUES ($1, $2, $3)", [
        numberOf(next.name),
        next.name,
        needs(next.sql),
      ]);
      await client.query("COMMIT");
      applied.push(next.name);
    }
  });
}

export async function apply(
  client: pg.Client,
  sql: string,
  { lockMs, restMs, tries }: typeof WAITS,
): Promise<void> {
  await client.query("SAVEPOINT before");
  for (let left = tries; ; left--) {
    try {
      await client.query(`SET LOCAL lock_timeout = ${lockMs}`);
      await client.query(sql);
      return;
    } catch (error) {
      if (!(isLockTimeout(error) || isConflict(error)) || left === 1) throw error;
      // Lets go of the tables; the other nodes go on waiting at the advisory lock.
      await client.query("ROLLBACK TO SAVEPOINT before");
      await sleep(isConflict(error) ? restMs / 10 : restMs);
    }
  }
}

export async function connected<T>(url: Address, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const began = performance.now();
  for (;;) {
    let client: pg.Client | undefined;
    try {
      client = new pg.Client({
        connectionString: textOf(url),
        application_name: "prosopon migrate",
        connectionTimeoutMillis: PATIENCE_MS,
      });
      client.on("error", () => {});
      await client.connect();
      return await work(client);
    } catch (error) {
      if (isRestart(error) && performance.now() - began < PATIENCE_MS) {
        await sleep(250);
        continue;
      }
      if (error instanceof StorageError) throw error;
      throw new StorageError(
        isOutage(error) ? "away" : "unusable",
        `The database cannot be used: ${(error as Error).message || String((error as { code?: string }).code)}. Check PROSOPON_DATABASE_URL and that PostgreSQL runs.`,
        { cause: withoutValues(error) },
      );
    } finally {
      await client?.end().catch(() => {});
    }
  }
}

export async function state(client: pg.Client): Promise<MigrationState> {
  const found = await versions(client);
  const { needs, ...schema } = await applied(client);
  const problem = unfit(found) ?? tooNew(needs);
  return { ...schema, versions: found, ...(problem !== undefined && { problem }) };
}

async function applied(
  client: pg.Client,
): Promise<Pick<MigrationState, "applied" | "pending"> & { needs: number }> {
  const { rows: found } = await client.query<{ table: string | null }>(
    "SELECT to_regclass('migrations') AS table",
  );
  if (found[0]?.table == null) return { applied: [], pending: [...migrations], needs: 0 };
  const { rows } = await client.query<{ name: string; needs: number }>(
    "SELECT name, needs FROM migrations ORDER BY number",
  );
  const names = rows.map(({ name }) => name);
  return {
    applied: names,
    pending: migrations.filter(({ name }) => !names.includes(name)),
    needs: Math.max(0, ...rows.map((row) => row.needs)),
  };
}

/** `-- needs: N`: nodes that know fewer than N migrations cannot work once this one is applied. Most need only an older one. */
function needs(sql: string): number {
  return Number(/^-- needs: (\d+)$/m.exec(sql)?.[1] ?? 1);
}

function hint(error: unknown): string {
  const { code } = error as { code?: string };
  if (code === "0A000" || code === "58P01") return "Install pgvector 0.8 or later on the database server.";
  if (code === "42501")
    return "Give the database's user the right to create tables, and have an administrator run CREATE EXTENSION vector.";
  if (isLockTimeout(error))
    return "Another transaction, such as a backup, holds a table that it changes: end that one, or migrate when it has ended.";
  return "Nothing was changed.";
}
