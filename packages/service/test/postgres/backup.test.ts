import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { debianUnavailable, inDebian, serverDirectory } from "../../../../tools/debian.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import type { Storage } from "../../src/storage/types.ts";
import { embedding, enqueue, enrol, enrolment, face, newAccount } from "../storage/samples.ts";
import { createDatabase, query, type TestDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : debianUnavailable();
const server = postgres as Exclude<typeof postgres, string>;
const bin = "/usr/lib/postgresql/17/bin";

describe.skipIf(reason !== undefined)(`docs/operations.md${reason ? `: ${reason}` : ""}`, async () => {
  const page = await readFile(path.join(import.meta.dirname, "../../../../docs/operations.md"), "utf8");
  let database: TestDatabase;
  let storage: Storage;
  let account: string;
  const closing: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    database = await createDatabase(server.url);
    storage = await openPostgresStorage({ url: database.url, connections: 4 });
    closing.push(
      () => database.drop(),
      () => storage.close(),
    );
    account = await newAccount(storage);
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  it("restores a running server's backup as it was: people, jobs, sessions' key and the events' numbers", async () => {
    const people = [];
    for (let seed = 1; seed <= 20; seed++) people.push(await enrol(storage, account, [face(seed)]));
    const waiting = await enqueue(storage, account, enrolment);
    const key = await storage.secret("token-signing", 32);
    const head = await storage.events.head(account);

    const directory = await serverDirectory(process.pid, "backup");
    const dump = `${directory}/prosopon.dump`;
    await inDebian(`${bin}/pg_dump`, "--format=custom", `--file=${dump}`, database.url);
    const deletedSince = people[0]!.identityId;
    await storage.identities.delete(account, [deletedSince], 3000);

    const fresh = await createDatabase(server.url);
    await inDebian(`${bin}/pg_restore`, "--no-owner", "--exit-on-error", `--dbname=${fresh.url}`, dump);
    const restored = await openPostgresStorage({ url: fresh.url, connections: 4 });
    closing.push(
      () => fresh.drop(),
      () => restored.close(),
    );
    expect(await restored.identities.count(account)).toEqual({ identities: 20, faces: 20 });
    for (const [index, { identityId }] of people.entries())
      expect(await restored.identities.nearest(account, embedding(index + 1), 1)).toMatchObject([
        { identityId, cosine: expect.closeTo(1, 6) },
      ]);
    expect(await restored.events.head(account)).toBe(head);
    expect(await restored.secret("token-signing", 32)).toEqual(key);
    const [job] = await restored.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 3, now: 4000 });
    expect(job?.id).toBe(waiting);
    // What the page warns of: a restore brings back whom the backup knew, until they are deleted again.
    expect(await restored.identities.get(account, deletedSince)).toBeDefined();
    expect((await restored.identities.delete(account, [deletedSince], 5000)).deleted).toBe(true);
    expect(await restored.identities.count(account)).toEqual({ identities: 19, faces: 19 });
  });

  it("has queries that run on the schema as it is", async () => {
    const queries = [...page.matchAll(/```sql\n(.*?)```/gs)]
      .flatMap(([, block]) => block!.split(/;\s*\n/))
      .filter((sql) => sql.trim() !== "");
    expect(queries.length).toBeGreaterThan(4);
    for (const sql of queries) await query(database.url, sql);
    const [depth] = await query<{ waiting: string }>(database.url, queries[0]!);
    expect(Number(depth!.waiting)).toBe(1);
  });
});
