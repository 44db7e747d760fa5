import { randomBytes } from "node:crypto";
import pg from "pg";
import { connected, state, type MigrationState } from "./migrate.ts";
import { isPooled } from "./pooled.ts";

export interface PostgresExamination {
  schema: MigrationState;
  /** What the database's clock is ahead of this machine's, ms; exact to half of `roundTripMs`. */
  clockAheadMs: number;
  roundTripMs: number;
  /** Whether a pooler stands between, on each of the two ways. */
  pooled: { url: boolean; directUrl: boolean };
  /** How long a notification took, ms; undefined when none came within 2 s. */
  notifiedMs?: number;
  /** Jobs that were given up and not tried again since; undefined without a schema. */
  deadJobs?: number;
  /** What is kept under the name that was asked for, if anything is (`Storage.secret`). */
  secret?: Uint8Array;
}

const HEARING_MS = 2_000;

/** Looks at everything that nodes need of a database, without changing it. @throws StorageError `unusable` when it cannot be reached. */
export async function examinePostgres({
  url,
  directUrl = url,
  secret,
}: {
  url: string;
  directUrl?: string;
  secret?: string;
}): Promise<PostgresExamination> {
  return connected(url, (client) =>
    connected(directUrl, async (direct) => {
      const schema = await state(direct);
      const notifiedMs = await hear(direct, client);
      const kept =
        secret !== undefined && schema.applied.length > 0 ? await readSecret(client, secret) : undefined;
      return {
        schema,
        ...(await readClock(client)),
        pooled: { url: await isPooled(client), directUrl: await isPooled(direct) },
        ...(notifiedMs !== undefined && { notifiedMs }),
        ...(kept && { secret: kept }),
        ...(schema.applied.length > 0 && { deadJobs: await countDead(client) }),
      };
    }),
  );
}

/** The way that nodes learn of each other's events: listening on the direct connection, told over the other one. */
async function hear(direct: pg.Client, client: pg.Client): Promise<number | undefined> {
  const channel = `prosopon_${randomBytes(8).toString("hex")}`;
  const heard = Promise.withResolvers<number>();
  const begun = performance.now();
  direct.once("notification", () => heard.resolve(performance.now() - begun));
  const late = setTimeout(() => heard.reject(new Error("late")), HEARING_MS);
  try {
    await direct.query(`LISTEN ${channel}`);
    await client.query(`NOTIFY ${channel}`);
    return await heard.promise;
  } catch {
    return undefined;
  } finally {
    clearTimeout(late);
    heard.promise.catch(() => {});
    await direct.query(`UNLISTEN ${channel}`).catch(() => {});
  }
}

async function readClock(client: pg.Client): Promise<{ clockAheadMs: number; roundTripMs: number }> {
  const begun = performance.now();
  const { rows } = await client.query<{ now: number }>(
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now",
  );
  const roundTripMs = performance.now() - begun;
  return { clockAheadMs: rows[0]!.now - (Date.now() - roundTripMs / 2), roundTripMs };
}

async function readSecret(client: pg.Client, name: string): Promise<Uint8Array | undefined> {
  const { rows } = await client.query<{ bytes: Buffer }>("SELECT bytes FROM secrets WHERE name = $1", [name]);
  return rows[0] && Uint8Array.from(rows[0].bytes);
}

async function countDead(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM jobs WHERE dead_until IS NOT NULL AND retried_as IS NULL",
  );
  return rows[0]!.count;
}
