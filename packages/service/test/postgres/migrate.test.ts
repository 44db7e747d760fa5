import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { apply, connected, migratePostgres, postgresMigrations } from "../../src/storage/postgres/migrate.ts";
import { createDatabase, execute, query, type TestDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;
const ADVISORY = 0x70726f73;

describe.skipIf(reason !== undefined)(`migrations${reason ? `: ${reason}` : ""}`, () => {
  let database: TestDatabase;
  let other: pg.Client;
  beforeEach(async () => {
    database = await createDatabase(server.url);
    other = new pg.Client({ connectionString: database.url, application_name: "other" });
    await other.connect();
  });
  afterEach(async () => {
    await other.end();
    await database.drop();
  });
  const done = async () => (await postgresMigrations(database.url)).pending.length === 0;
  const migrating = async () =>
    (
      await query<{ state: string; wait_event_type: string | null }>(
        database.url,
        "SELECT state, wait_event_type FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prosopon migrate'",
      )
    )[0];

  it("run once, however many nodes start at the same time", async () => {
    const applied = await Promise.all(Array.from({ length: 20 }, () => migratePostgres(database.url)));
    expect(applied.flat().toSorted()).toEqual((await postgresMigrations(database.url)).applied);
    expect(await done()).toBe(true);
  });

  it("take as long as they take where the server limits statements", async () => {
    const name = new URL(database.url).pathname.slice(1);
    await execute(server.url, `ALTER DATABASE ${name} SET statement_timeout = 200`);
    await execute(server.url, `ALTER DATABASE ${name} SET lock_timeout = 200`);
    await other.query("SELECT pg_advisory_lock($1)", [ADVISORY]);
    const migrated = migratePostgres(database.url);
    migrated.catch(() => {});
    await other.query("SET statement_timeout = 0; SELECT pg_sleep(0.6)");
    await other.query("SELECT pg_advisory_unlock($1)", [ADVISORY]);
    await migrated;
    expect(await done()).toBe(true);
  });

  it("let others pass while they wait for a table that a long transaction holds", async () => {
    await other.query("BEGIN; CREATE TABLE accounts (held int)");
    const migrated = migratePostgres(database.url, { lockMs: 200, restMs: 600, tries: 20 });
    migrated.catch(() => {});
    await vi.waitFor(
      async () => expect(await migrating()).toMatchObject({ wait_event_type: "Lock" }),
      120_000,
    );
    await vi.waitFor(
      async () => expect(await migrating()).toMatchObject({ state: expect.stringContaining("idle in") }),
      120_000,
    );
    await other.query("ROLLBACK");
    await migrated;
    expect(await done()).toBe(true);
  });

  it("try again when they and a node's transaction wait for each other", async () => {
    await migratePostgres(database.url);
    await other.query("BEGIN; LOCK TABLE vectors IN ROW EXCLUSIVE MODE");
    const migrated = connected(database.url, async (client) => {
      await client.query("BEGIN");
      const sql = "LOCK TABLE accounts, vectors IN ACCESS EXCLUSIVE MODE";
      await apply(client, sql, { lockMs: 10_000, restMs: 1_000, tries: 5 });
      await client.query("COMMIT");
      return "applied";
    });
    await vi.waitFor(
      async () => expect(await migrating()).toMatchObject({ wait_event_type: "Lock" }),
      120_000,
    );
    // The migration, which waited first, is the first to look for a deadlock, and gives way.
    await other.query("SELECT count(*) FROM accounts");
    await other.query("COMMIT");
    expect(await migrated).toBe("applied");
  });

  it("say what holds them up when it does not end", async () => {
    await other.query("BEGIN; CREATE TABLE accounts (held int)");
    await expect(migratePostgres(database.url, { lockMs: 50, restMs: 10, tries: 3 })).rejects.toMatchObject({
      code: "unusable",
      message: expect.stringContaining("Another transaction, such as a backup"),
    });
    await other.query("ROLLBACK");
  });

  it("begin anew when the server goes down under them", async () => {
    await other.query("SELECT pg_advisory_lock($1)", [ADVISORY]);
    const migrated = migratePostgres(database.url);
    migrated.catch(() => {});
    await vi.waitFor(
      async () => expect(await migrating()).toMatchObject({ wait_event_type: "Lock" }),
      120_000,
    );
    await other.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prosopon migrate'",
    );
    await other.query("SELECT pg_advisory_unlock($1)", [ADVISORY]);
    await migrated;
    expect(await done()).toBe(true);
  });

  it("tell a malformed address without its password", async () => {
    const error = await migratePostgres("postgres://user:se%ZZcret@host:port/name").catch(
      (thrown: Error) => thrown,
    );
    expect(error).toMatchObject({ name: "StorageError", code: "unusable" });
    expect((error as Error).message + String((error as Error).cause)).not.toContain("cret");
  });
});
