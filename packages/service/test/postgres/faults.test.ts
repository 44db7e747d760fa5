import pg from "pg";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDatabase as connect, type Database } from "../../src/storage/postgres/database.ts";
import { isOutage, troubleOf, Unconnected } from "../../src/storage/postgres/faults.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import { enqueue, enrol, enrolment, face, newAccount } from "../storage/samples.ts";
import { createDatabase, execute, type TestDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;

/** Of Node's sockets; ENOTFOUND: a container that is down takes its name along. Then PostgreSQL's own. */
const away = `
  ENOTFOUND EAI_AGAIN ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENETDOWN
  08006 57P01 57P02 57P03 57P05 25P03 25P04 53300 53400`.match(/\w+/g)!;

describe("an outage of the database", () => {
  const told = (code: string) => Object.assign(new Error("told by its code alone"), { code });

  it("is known by its code, also where every address of a name ends so, and waited for", () => {
    expect(away.filter((code) => !isOutage(told(code)))).toEqual([]);
    expect(away.filter((code) => !isOutage(new AggregateError([told(code)])))).toEqual([]);
  });

  it("is known too where it is the database that refuses, and its name says what to mend", () => {
    const kinds: [string, string[]][] = [
      ["refused", ["28P01", "28000", "3D000", "57P04", "42501"]],
      ["read-only", ["25006"]],
      ["full", ["53100"]],
      ["slow", ["57014", "55P03"]],
      ["failing", ["53000", "53200", "58030", "58P01"]],
      ["away", away],
    ];
    for (const [kind, codes] of kinds)
      for (const code of codes) expect([code, troubleOf(told(code))]).toEqual([code, kind]);
  });

  it("is no fault of a statement, nor anything but one where no connection could be had", () => {
    for (const code of ["23505", "42P01", "22003", "40001", "0A000"])
      expect([code, troubleOf(told(code))]).toEqual([code, undefined]);
    const causes = [told("CERT_HAS_EXPIRED"), new Error("odd"), undefined, told("28000")];
    expect(causes.map((cause) => troubleOf(new Unconnected("", { cause })))).toEqual([
      "away",
      "away",
      "away",
      "refused",
    ]);
  });
});

describe.skipIf(reason !== undefined)(`faults of PostgreSQL${reason ? `: ${reason}` : ""}`, () => {
  let database: TestDatabase;
  let connection: Database | undefined;
  beforeEach(async () => {
    database = await createDatabase(server.url);
  });
  afterEach(async () => {
    await connection?.end();
    connection = undefined;
    await database.drop();
  });

  it("are told once a statement has no answer within the limit, without waiting for its rollback too", async () => {
    connection = connect(database.url, 2, { patienceMs: 500 });
    const { read, transaction } = connection;
    const began = performance.now();
    const silent = { name: "StorageError", code: "away" };
    await expect(transaction(({ query }) => query("SELECT pg_sleep(20)"))).rejects.toMatchObject(silent);
    await expect(read("SELECT pg_sleep(20)")).rejects.toMatchObject(silent);
    // The statements themselves would take twenty each.
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(await read("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("say that its disk is full where it is, with nothing written, and not that it is away", async () => {
    const storage = await openPostgresStorage({ url: database.url, connections: 2 });
    try {
      const accountId = await newAccount(storage);
      // As PostgreSQL says it when a file cannot be extended.
      await execute(
        database.url,
        `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$;
         CREATE TRIGGER full_disk BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION full_disk()`,
      );
      await expect(enqueue(storage, accountId, enrolment)).rejects.toMatchObject({ code: "full" });
      expect(await storage.jobs.unfinished(accountId)).toEqual([]);
      await execute(database.url, "DROP TRIGGER full_disk ON jobs");
      await enqueue(storage, accountId, enrolment);
      expect(await storage.jobs.unfinished(accountId)).toHaveLength(1);
    } finally {
      await storage.close();
    }
  });

  it("leave no lock behind when a statement was given up that still waits for one", async () => {
    connection = connect(database.url, 3, { patienceMs: 500 });
    const { maintain, transaction } = connection;
    await maintain("CREATE TABLE locks (name text PRIMARY KEY); INSERT INTO locks VALUES ('a'), ('b')");
    const lock = (name: string) => `SELECT 1 FROM locks WHERE name = '${name}' FOR UPDATE`;
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    try {
      await other.query(`BEGIN; ${lock("b")}`);
      const given = transaction(async ({ query }) => {
        await query(lock("a"));
        await query(lock("b"));
      });
      await expect(given).rejects.toMatchObject({ code: "away" });
      // The server looks for its client every 5 s.
      await other.query(`SET lock_timeout = '10s'; ${lock("a")}`);
    } finally {
      await other.end();
    }
  });

  it("let maintenance take longer than any other statement", async () => {
    connection = connect(database.url, 2, { patienceMs: 500 });
    await expect(connection.maintain("SELECT pg_sleep(1)")).resolves.toBeUndefined();
  });

  it("are none when a migration changes what a statement answers that was prepared before", async () => {
    const storage = await openPostgresStorage({ url: database.url, connections: 1 });
    try {
      const accountId = await newAccount(storage);
      for (let i = 0; i < 10; i++) await enqueue(storage, accountId, enrolment);
      await execute(
        database.url,
        "ALTER TABLE jobs ALTER COLUMN error TYPE varchar, ALTER COLUMN kind TYPE varchar",
      );
      await enqueue(storage, accountId, enrolment);
      expect(await storage.jobs.unfinished(accountId)).toHaveLength(11);
    } finally {
      await storage.close();
    }
  });

  it("quote nothing of the rows that they are about", async () => {
    const storage = await openPostgresStorage({ url: database.url, connections: 2 });
    try {
      const accountId = await newAccount(storage);
      const same = face(1, { id: "the-id-of-a-face" });
      const error = await enrol(storage, accountId, [same, same]).catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ code: "23505", constraint: "faces_id_key" });
      expect(JSON.stringify(pino.stdSerializers.err(error as Error))).not.toContain("the-id-of-a-face");
    } finally {
      await storage.close();
    }
  });
});
