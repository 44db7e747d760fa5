import type { JobStatus } from "@prosopon/core/contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import { enqueue, enrolment, newAccount } from "../storage/samples.ts";
import { createDatabase, execute, query, type TestDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;
const SUCCEEDED = 30_000;

describe.skipIf(reason !== undefined)(`a list of jobs by status${reason ? `: ${reason}` : ""}`, () => {
  let database: TestDatabase;
  let account: string;
  beforeAll(async () => {
    database = await createDatabase(server.url);
    const storage = await openPostgresStorage({ url: database.url, connections: 2 });
    account = await newAccount(storage);
    const jobs = [];
    for (let i = 0; i < 6; i++) jobs.push(await enqueue(storage, account, enrolment, 1000 + i));
    await storage.close();
    // The oldest three failed, the next are started or wait, and a week of successes came after them.
    await query(
      database.url,
      "UPDATE jobs SET status = 'Failed', due_at = NULL, started_at = 0, finished_at = 1 WHERE id = ANY ($1)",
      [jobs.slice(0, 3)],
    );
    await query(database.url, "UPDATE jobs SET status = 'Started', due_at = 9e12 WHERE id = ANY ($1)", [
      jobs.slice(3, 4),
    ]);
    await query(
      database.url,
      `INSERT INTO jobs (account, id, kind, rank, turn, status, payload, created_at, started_at, finished_at)
       SELECT row, 'done-' || n, 'enrol', 1, n, 'Succeeded', '{"kind":"enrol","images":[]}', 2000 + n, 2000 + n, 3000 + n
       FROM accounts, generate_series(1, ${SUCCEEDED}) n`,
    );
    await execute(database.url, "VACUUM ANALYZE jobs");
  });
  afterAll(() => database.drop());

  const rowsRead = async () =>
    (
      await query<{ read: number }>(
        database.url,
        "SELECT (seq_tup_read + idx_tup_fetch)::int AS read FROM pg_stat_user_tables WHERE relname = 'jobs'",
      )
    )[0]!.read;
  async function list(status: JobStatus) {
    const storage = await openPostgresStorage({ url: database.url, connections: 2 });
    const { items } = await storage.jobs.list(account, { status }, { limit: 10 });
    // PostgreSQL counts what a connection read when it ends.
    await storage.close();
    return items.map((job) => job.status);
  }

  it.each([
    ["Failed", 3],
    ["Started", 1],
    ["Sent", 2],
    ["Succeeded", 10],
  ] as const)("reads of an account's history no more than it needs: %s", async (status, found) => {
    const before = await rowsRead();
    expect(await list(status)).toEqual(Array.from({ length: found }, () => status));
    await vi.waitFor(async () => expect(await rowsRead()).toBeGreaterThan(before), 120_000);
    expect((await rowsRead()) - before).toBeLessThan(200);
  });
});
