import pg from "pg";
import { StorageError } from "../types.ts";
import { migrations } from "./migrations.generated.ts";

/** Names the advisory lock: the bytes of "pros". */
const LOCK = 0x70726f73;
const PGVECTOR = [0, 8] as const;

export interface MigrationState {
  /** Names, oldest first; those of a newer version among them. */
  applied: string[];
  pending: { name: string; sql: string }[];
  /** Why this version cannot run on the database even after migrating, in words. */
  problem?: string;
}

/** Reads only: what `migratePostgres` would do. */
export async function postgresMigrations(url: string): Promise<MigrationState> {
  return connected(url, state);
}

/**
 * Brings the schema up to date and returns what it applied. Any number of nodes may do so at once: they queue at a lock,
 * and each migration commits with its number, so one that is cut short runs again from its start.
 * @throws StorageError `unusable`
 */
export async function migratePostgres(url: string): Promise<string[]> {
  return connected(url, async (client) => {
    const applied: string[] = [];
    for (;;) {
      await client.query("BEGIN");
      // Released by the end of the transaction, also through a pooler.
      await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
      const { pending, problem } = await state(client);
      if (problem) throw new StorageError("unusable", problem);
      const [next] = pending;
      if (!next) {
        await client.query("COMMIT");
        await checkExtension(client);
        return applied;
      }
      await client.query(
        `CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, name text NOT NULL, needs integer NOT NULL)`,
      );
      await client.query(next.sql).catch((error: unknown) => {
        throw new StorageError(
          "unusable",
          `Migration ${next.name} failed and was undone: ${(error as Error).message}. ${hint(error)}`,
          { cause: error },
        );
      });
      const number = migrations.findIndex(({ name }) => name === next.name) + 1;
      await client.query("INSERT INTO migrations (number, name, needs) VALUES ($1, $2, $3)", [
        number,
        next.name,
        needs(next.sql),
      ]);
      await client.query("COMMIT");
      applied.push(next.name);
    }
  });
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "prosopon migrate" });
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw new StorageError(
      "unusable",
      `The database cannot be used: ${(error as Error).message || String((error as { code?: string }).code)}. Check PROSOPON_DATABASE_URL and that PostgreSQL runs.`,
      { cause: error },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

async function state(client: pg.Client): Promise<MigrationState> {
  const { rows: found } = await client.query<{ table: string | null }>(
    "SELECT to_regclass('migrations') AS table",
  );
  if (found[0]?.table == null) return { applied: [], pending: [...migrations] };
  const { rows } = await client.query<{ name: string; needs: number }>(
    "SELECT name, needs FROM migrations ORDER BY number",
  );
  const lowest = Math.max(0, ...rows.map((row) => row.needs));
  return {
    applied: rows.map(({ name }) => name),
    pending: migrations.slice(rows.length),
    ...(lowest > migrations.length && {
      problem: `The database was migrated by a newer Prosopon (it asks for schema ${lowest}, this one knows ${migrations.length}). Install that version, or a later one.`,
    }),
  };
}

/** `-- needs: N`: nodes that know fewer than N migrations cannot work once this one is applied. Most need only an older one. */
function needs(sql: string): number {
  return Number(/^-- needs: (\d+)$/m.exec(sql)?.[1] ?? 1);
}

async function checkExtension(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ extversion: string }>(
    "SELECT extversion FROM pg_extension WHERE extname = 'vector'",
  );
  const [major = 0, minor = 0] = (rows[0]?.extversion ?? "0.0").split(".").map(Number);
  if (major > PGVECTOR[0] || (major === PGVECTOR[0] && minor >= PGVECTOR[1])) return;
  throw new StorageError(
    "unusable",
    `The database has pgvector ${rows[0]?.extversion}; Prosopon needs 0.8 or later. Install it, then run ALTER EXTENSION vector UPDATE.`,
  );
}

function hint(error: unknown): string {
  const { code } = error as { code?: string };
  if (code === "0A000" || code === "58P01") return "Install pgvector 0.8 or later on the database server.";
  if (code === "42501")
    return "Give the database's user the right to create tables, and have an administrator run CREATE EXTENSION vector.";
  return "Nothing was changed.";
}
