import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createContext } from "../../src/storage/postgres/context.ts";
import { createDatabase as connect } from "../../src/storage/postgres/database.ts";
import { createErasure } from "../../src/storage/postgres/erasure/erasure.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import { enrol, face, newAccount } from "../storage/samples.ts";
import { createDatabase, query, type TestDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;
const PATIENCE = { timeout: 120_000, interval: 50 };

describe.skipIf(reason !== undefined)(`erasure among nodes${reason ? `: ${reason}` : ""}`, () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(server.url);
  });
  afterEach(() => database.drop());

  const open = () => openPostgresStorage({ url: database.url, connections: 4 });
  const notes = () => query<{ row: number }>(database.url, "SELECT row FROM erasures");
  const vacuums = () =>
    query<{ wait: string | null }>(
      database.url,
      "SELECT wait_event_type AS wait FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'VACUUM%' AND state = 'active'",
    );
  async function deleteOne(node: Awaited<ReturnType<typeof open>>): Promise<void> {
    const accountId = await newAccount(node);
    const { identityId } = await enrol(node, accountId, [face(1)]);
    await node.identities.delete(accountId, [identityId], 3000);
  }

  it("is taken up by a node that neither starts nor deletes when the one that deleted is gone", async () => {
    const deleting = await open();
    const connection = connect(database.url, 2);
    const looks = vi.fn(connection.read);
    const context = createContext({ ...connection, read: looks as typeof connection.read });
    const idle = createErasure(context, database.url, { times: { settle: 50, look: 200 } });
    try {
      // It has cleaned at its start, and looked since: nothing but looking wakes it.
      await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(3), PATIENCE);
      await deleteOne(deleting);
      await deleting.close();
      expect(await notes()).not.toEqual([]);
      await vi.waitFor(async () => expect(await notes()).toEqual([]), PATIENCE);
    } finally {
      await idle.stop();
      await connection.end();
    }
  });

  it("does not hold up the end of a node: its VACUUM is cut, and what is noted stays for another", async () => {
    const leaving = await open();
    await deleteOne(leaving);
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    try {
      await holder.query("BEGIN; LOCK TABLE vectors IN SHARE UPDATE EXCLUSIVE MODE");
      const settled = leaving.settle().then(
        () => "settled",
        () => "cut",
      );
      await vi.waitFor(async () => expect(await vacuums()).toEqual([{ wait: "Lock" }]), PATIENCE);
      // The lock that it waits for is held until the end of this test.
      await leaving.close();
      expect(await settled).toBe("cut");
      expect(await notes()).not.toEqual([]);
      // PostgreSQL notices: nothing waits on for the table, where a migration would have to wait behind it.
      await vi.waitFor(async () => expect(await vacuums()).toEqual([]), PATIENCE);
    } finally {
      await holder.end();
    }
    const next = await open();
    await next.settle();
    expect(await notes()).toEqual([]);
    await next.close();
  });
});
