import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import type { NewFace, Storage } from "../../src/storage/types.ts";
import { claimOne, enqueue, enrol, enrolment, face, newAccount } from "../storage/samples.ts";
import { createDatabase, execute, query, type TestDatabase, testPostgres } from "./database.ts";
import { filesUnavailable, findInFiles } from "./files.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : filesUnavailable(postgres);

describe.skipIf(reason !== undefined)(`erasure on PostgreSQL${reason ? `: ${reason}` : ""}`, () => {
  const server = postgres as Exclude<typeof postgres, string>;
  let database: TestDatabase;
  let storage: Storage;
  beforeEach(async () => {
    database = await createDatabase(server.url);
    storage = await openPostgresStorage({ url: database.url, connections: 4 });
  });
  afterEach(async () => {
    await storage.close();
    await database.drop();
  });

  const filesWith = (bytes: Uint8Array) => findInFiles(server.directory!, database.url, bytes);
  const stored = ({ embedding }: NewFace) => new Uint8Array(embedding.values.buffer);

  it("leaves no byte of a deleted embedding in the database's files", async () => {
    const accountId = await newAccount(storage);
    const people = [];
    for (let i = 0; i < 40; i++) people.push(await enrol(storage, accountId, [face(i), face(1000 + i)]));
    const gone = people.filter((_, index) => index % 7 === 3);
    for (const { faces } of gone) expect(await filesWith(stored(faces[0]!))).not.toEqual([]);
    await storage.identities.delete(
      accountId,
      gone.map(({ identityId }) => identityId),
      3000,
    );
    await storage.settle();
    for (const { faces } of gone) for (const one of faces) expect(await filesWith(stored(one))).toEqual([]);
    expect(await storage.identities.count(accountId)).toEqual({ identities: 34, faces: 68 });
    expect(await query(database.url, "SELECT count(*)::int AS rows FROM vectors")).toEqual([{ rows: 68 }]);
  });

  it("leaves nothing of a face that a page's tidying had copied before", async () => {
    const accountId = await newAccount(storage);
    const people = [];
    for (let i = 0; i < 30; i++) people.push(await enrol(storage, accountId, [face(i)]));
    // Each deletion moves the rows that stay: the last ones have been copied many times.
    for (const { identityId, faces } of people) {
      await storage.identities.delete(accountId, [identityId], 3000);
      await execute(database.url, "VACUUM (TRUNCATE FALSE) vectors");
      if (identityId === people[9]!.identityId) {
        await storage.settle();
        expect(await filesWith(stored(faces[0]!))).toEqual([]);
      }
    }
    await storage.settle();
    for (const { faces } of people) expect(await filesWith(stored(faces[0]!))).toEqual([]);
  });

  it("stores a crop under a key of its own, and leaves no byte of the key", async () => {
    const accountId = await newAccount(storage);
    const crop = Uint8Array.from({ length: 9000 }, (_, index) => (index * 7919) % 251);
    const { identityId } = await enrol(storage, accountId, [face(1, { crop }), face(2, { crop })]);
    expect(await filesWith(crop.subarray(100, 200))).toEqual([]);
    const keys = await query<{ key: Buffer }>(database.url, "SELECT key FROM crop_keys");
    expect(keys).toHaveLength(2);
    await storage.identities.delete(accountId, [identityId], 3000);
    await storage.settle();
    for (const { key } of keys) expect(await filesWith(key)).toEqual([]);
  });

  it("leaves nothing in what ANALYZE remembers of the tables, of keys and hashes neither", async () => {
    const accountId = await newAccount(storage);
    const crop = new Uint8Array(2000).fill(7);
    const people = [];
    for (let i = 0; i < 20; i++) people.push(await enrol(storage, accountId, [face(i, { crop })]));
    const keys = await query<{ key: Buffer }>(database.url, "SELECT key FROM crop_keys");
    const signing = await storage.secret("signs", 32);
    await execute(database.url, "ANALYZE");
    const samples = () =>
      query<{ column: string }>(
        database.url,
        `SELECT tablename || '.' || attname AS column FROM pg_stats WHERE schemaname = 'public'
         AND attname IN ('embedding', 'key', 'bytes', 'secret_hash') OR (tablename, attname) = ('vectors', 'slot')`,
      );
    expect(await samples()).toEqual([{ column: "vectors.slot" }]);
    expect(await filesWith(signing)).toHaveLength(1);
    await storage.identities.delete(
      accountId,
      people.map(({ identityId }) => identityId),
      3000,
    );
    await storage.settle();
    for (const { faces } of people) expect(await filesWith(stored(faces[0]!))).toEqual([]);
    for (const { key } of keys) expect(await filesWith(key)).toEqual([]);
  });

  it("waits for an old transaction that still sees the deleted face, and then erases it", async () => {
    const accountId = await newAccount(storage);
    await enrol(storage, accountId, [face(1)]);
    const { identityId, faces } = await enrol(storage, accountId, [face(2)]);
    const reader = new pg.Client({ connectionString: database.url });
    await reader.connect();
    await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM vectors");
    await storage.identities.delete(accountId, [identityId], 3000);
    await storage.settle();
    expect(await filesWith(stored(faces[0]!))).not.toEqual([]);
    expect(await query(database.url, "SELECT 1 FROM erasures")).not.toEqual([]);
    await reader.end();
    await storage.settle();
    expect(await filesWith(stored(faces[0]!))).toEqual([]);
    expect(await query(database.url, "SELECT 1 FROM erasures")).toEqual([]);
  });

  it("goes on enrolling and searching meanwhile", async () => {
    const accountId = await newAccount(storage);
    const { identityId } = await enrol(storage, accountId, [face(1)]);
    await storage.identities.delete(accountId, [identityId], 3000);
    const jobs = Array.from({ length: 20 }, () => enqueue(storage, accountId, enrolment, 3000));
    await Promise.all([storage.settle(), ...jobs]);
    expect(await claimOne(storage, 4000)).toBeDefined();
  });
});
