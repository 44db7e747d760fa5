import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { open, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { unlessRequired } from "../../../../tools/debian.ts";
import {
  attachPostgres,
  type PostgresHandle,
  postgresUnavailable,
  startPostgres,
  type TestPostgres,
} from "../../../../tools/postgres.ts";

/** The run's PostgreSQL, started by whoever asks first; a string says why there is none. */
export async function testPostgres(): Promise<TestPostgres | string> {
  const unavailable = unlessRequired(postgresUnavailable());
  if (unavailable) return unavailable;
  try {
    return await shared();
  } catch (error) {
    return unlessRequired(`it could not be started: ${(error as Error).message}`);
  }
}

async function shared(): Promise<TestPostgres> {
  const run = process.env.PROSOPON_TEST_RUN;
  if (process.env.PROSOPON_TEST_DATABASE_URL || !run) return startPostgres({ durable: false });
  const { directory, pid } = JSON.parse(run) as { directory: string; pid: number };
  const file = path.join(directory, "postgres.json");
  const first = await open(path.join(directory, "postgres.lock"), "wx").catch(() => undefined);
  if (first) {
    await first.close();
    const started = await startPostgres({ owner: pid, durable: false }).catch(async (error: unknown) => {
      await writeFile(path.join(directory, "postgres.failed"), String(error));
      throw error;
    });
    await writeFile(`${file}.part`, JSON.stringify(started.handle));
    await rename(`${file}.part`, file);
    return started;
  }
  while (!existsSync(file)) {
    const failed = await readFile(path.join(directory, "postgres.failed"), "utf8").catch(() => undefined);
    if (failed) throw new Error(failed);
    await sleep(100);
  }
  return attachPostgres(JSON.parse(await readFile(file, "utf8")) as PostgresHandle);
}

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** A new, empty database; or a copy of one that nobody is connected to. */
export async function createDatabase(server: string, template?: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await execute(
    server,
    `CREATE DATABASE ${name}${template ? ` TEMPLATE ${new URL(template).pathname.slice(1)}` : ""}`,
  );
  const url = new URL(server);
  url.pathname = name;
  return { url: url.href, drop: () => execute(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

export async function execute(url: string, sql: string): Promise<void> {
  await query(url, sql);
}

export async function query<R extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
