import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { migratePostgres, postgresMigrations } from "../../src/storage/postgres/migrate.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import type { JobPayload, Storage, StoredEvent } from "../../src/storage/types.ts";
import {
  candidates,
  embedding,
  enqueue,
  enrol,
  enrolment,
  face,
  id,
  newAccount,
  listIn,
  nearestIn,
} from "../storage/samples.ts";
import { createDatabase, execute, query, type TestDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;
const search: JobPayload = { kind: "search", images: [], maxResult: 10 };
const cutConnections = (name: string) =>
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '${name}' AND pid <> pg_backend_pid()`;

describe.skipIf(reason !== undefined)(`nodes on one PostgreSQL${reason ? `: ${reason}` : ""}`, () => {
  let database: TestDatabase;
  let nodes: Storage[];
  const open = async () => {
    const storage = await openPostgresStorage({ url: database.url, connections: 4 });
    nodes.push(storage);
    return storage;
  };
  beforeEach(async () => {
    nodes = [];
    database = await createDatabase(server.url);
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await database.drop();
  });

  it("migrate an empty database together, each migration once", async () => {
    expect((await postgresMigrations(database.url)).pending).not.toEqual([]);
    const applied = await Promise.all(Array.from({ length: 5 }, () => migratePostgres(database.url)));
    const state = await postgresMigrations(database.url);
    expect(applied.flat().toSorted()).toEqual(state.applied);
    expect(state).toMatchObject({ pending: [] });
    expect(state).not.toHaveProperty("problem");
  });

  it("refuse a database whose schema is too new for them, and serve one that is newer but compatible", async () => {
    await open();
    await execute(
      database.url,
      "INSERT INTO migrations (number, name, needs) VALUES (900, '900-later.sql', 1)",
    );
    await open();
    await execute(database.url, "UPDATE migrations SET needs = 900 WHERE number = 900");
    await expect(open()).rejects.toMatchObject({
      code: "unusable",
      message: expect.stringContaining("newer Prosopon"),
    });
  });

  it("say what is wrong when the database cannot be reached", async () => {
    const url = "postgres://nobody:secret@127.0.0.1:1/none";
    const error = await openPostgresStorage({ url }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: "StorageError", code: "away" });
    expect((error as Error).message).not.toContain("secret");
  });

  it("tell each other every change, each account's in order, once", async () => {
    const [one, two] = [await open(), await open()];
    const accounts = [await newAccount(one), await newAccount(one), await newAccount(one)];
    const told = nodes.map((node) => {
      const events: StoredEvent[] = [];
      node.events.listen((event) => events.push(event));
      return events;
    });
    await Promise.all(
      Array.from({ length: 120 }, (_, index) => enqueue(index % 2 ? one : two, accounts[index % 3]!, search)),
    );
    const work = async (node: Storage) => {
      for (;;) {
        const jobs = await node.jobs.claim({ limit: 3, leaseMs: 60_000, maxAttempts: 3, now: 2000 });
        if (jobs.length === 0) return;
        for (const { id: jobId, leaseId } of jobs)
          await node.jobs.finish({ jobId, leaseId }, { type: "answered", result: {} }, 2000);
      }
    };
    await Promise.all([work(one), work(two), work(one), work(two)]);
    for (const events of told) {
      await vi.waitFor(() => expect(events).toHaveLength(360), 120_000);
      for (const accountId of accounts) {
        const seqs = events.filter((event) => event.accountId === accountId).map((event) => event.seq);
        expect(seqs).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
      }
    }
  });

  it("are not told what happened before they listened, also where they only worked until then", async () => {
    const [one, two] = [await open(), await open()];
    const accountId = await newAccount(one);
    two.events.onDue(() => {});
    await sleep(300); // until it listens to PostgreSQL
    for (let i = 0; i < 5; i++) await enqueue(one, accountId, search);
    await sleep(300);
    const told: number[] = [];
    two.events.listen((event) => told.push(event.seq));
    await enqueue(one, accountId, search);
    await enqueue(two, accountId, search);
    await vi.waitFor(() => expect(told).toEqual([6, 7]), 120_000);
  });

  it("wake each other's workers", async () => {
    const [api, worker] = [await open(), await open()];
    const accountId = await newAccount(api);
    let woken = 0;
    worker.events.onDue(() => woken++);
    await sleep(300); // until it listens
    await enqueue(api, accountId, enrolment);
    await vi.waitFor(() => expect(woken).toBe(1), 120_000);
  });

  it("take a job at once from a node whose clock is ahead", async () => {
    const [api, worker] = [await open(), await open()];
    const jobId = await enqueue(api, await newAccount(api), search, 10_000);
    const jobs = await worker.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 3, now: 9_000 });
    expect(jobs.map((job) => job.id)).toEqual([jobId]);
  });

  it("miss no event when the listening connection is cut", async () => {
    const [one, two] = [await open(), await open()];
    const accountId = await newAccount(one);
    const told: number[] = [];
    two.events.listen((event) => told.push(event.seq));
    for (let i = 0; i < 30; i++) {
      await enqueue(one, accountId, search);
      if (i % 10 === 5) await execute(database.url, cutConnections("prosopon events"));
    }
    await vi.waitFor(
      () => expect(told).toEqual(Array.from({ length: 30 }, (_, index) => index + 1)),
      120_000,
    );
  });

  it("miss no event whose notification was never sent", async () => {
    const [one, two] = [await open(), await open()];
    const accountId = await newAccount(one);
    const told: number[] = [];
    two.events.listen((event) => told.push(event.seq));
    const jobId = await enqueue(one, accountId, search);
    await vi.waitFor(() => expect(told).toEqual([1]), 120_000);
    // As a node does that dies between its commit and its notification.
    await execute(
      database.url,
      `WITH head AS (UPDATE account_heads SET seq = seq + 1 RETURNING account, seq)
       INSERT INTO events SELECT head.account, head.seq, j.row, 'Started' FROM head, jobs j WHERE j.id = '${jobId}'`,
    );
    await vi.waitFor(() => expect(told).toEqual([1, 2]), 120_000);
  });

  it("go on where they were when every connection breaks", async () => {
    const storage = await open();
    const accountId = await newAccount(storage);
    const calls = Array.from({ length: 60 }, async (_, index) => {
      await sleep(index * 10);
      return enqueue(storage, accountId, search);
    });
    await sleep(200);
    await execute(database.url, cutConnections("prosopon"));
    const ids = await Promise.all(calls);
    expect((await storage.jobs.unfinished(accountId)).map((job) => job.id).toSorted()).toEqual(
      ids.toSorted(),
    );
  });

  it("end a job once when the answer to its end is lost", async () => {
    const storage = await open();
    const accountId = await newAccount(storage);
    for (let i = 0; i < 10; i++) {
      const jobId = await enqueue(storage, accountId, enrolment);
      const [job] = await storage.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 3, now: 2000 });
      const outcome = {
        type: "enrolled" as const,
        identityId: id("identity"),
        metadata: {},
        faces: [face(i)],
        result: {},
      };
      const cut = sleep(i * 0.7).then(() => execute(database.url, cutConnections("prosopon")));
      expect(await storage.jobs.finish({ jobId, leaseId: job!.leaseId }, outcome, 2000)).toEqual({
        finished: true,
        status: "Succeeded",
      });
      await cut;
    }
    expect(await storage.identities.count(accountId)).toEqual({ identities: 10, faces: 10 });
  });

  it("never add a face to an identity that another node deletes", async () => {
    const [one, two] = [await open(), await open()];
    const accountId = await newAccount(one);
    for (let i = 0; i < 10; i++) {
      const { identityId } = await enrol(one, accountId, [face(i)]);
      const jobId = await enqueue(one, accountId, { kind: "add-images", images: [], identityId });
      const [job] = await one.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 3, now: 2000 });
      const outcome = {
        type: "faces-added" as const,
        identityId,
        faces: [face(100 + i)],
        result: {},
        goneError: "gone",
      };
      const [, deleted] = await Promise.all([
        one.jobs.finish({ jobId, leaseId: job!.leaseId }, outcome, 2100),
        two.identities.delete(accountId, [identityId], 2100),
      ]);
      expect(deleted).toMatchObject({ deleted: true });
    }
    expect(await one.identities.count(accountId)).toEqual({ identities: 0, faces: 0 });
    expect(await query(database.url, "SELECT 1 FROM vectors")).toEqual([]);
    expect(await one.jobs.unfinished(accountId)).toEqual([]);
    expect(await nearestIn(two, accountId, embedding(1), 5)).toEqual([]);
  });

  it("answer every search from what was committed before it, on whichever node", async () => {
    const [one, two] = [
      await open(),
      await openPostgresStorage({ url: database.url, connections: 4, galleryFaces: 0 }),
    ];
    nodes.push(two);
    const accountId = await newAccount(one);
    const enrolled = [];
    for (let i = 0; i < 60; i++) {
      // Both nodes change, node one holds the gallery in memory, node two asks pgvector.
      enrolled.push(await enrol(i % 2 ? one : two, accountId, [face(i), face(1000 + i)]));
      if (i % 5 === 4)
        await two.identities.delete(accountId, [enrolled.splice(i % 3, 1)[0]!.identityId], 3000);
      if (i % 7 === 6) await one.faces.delete(accountId, enrolled[1]!.faces[0]!.id, 3000);
      const probe = embedding(5000 + i);
      const answers = await Promise.all([one, two, one].map((node) => nearestIn(node, accountId, probe, 12)));
      expect(answers[0]).toHaveLength(Math.min(12, enrolled.length));
      expect(answers[0]).toEqual(answers[1]);
      expect(answers[2]).toEqual(answers[1]);
    }
  });

  it("load a gallery anew when the changes it missed are no longer kept, and do without when it is too large", async () => {
    const [one, small] = [
      await open(),
      await openPostgresStorage({ url: database.url, connections: 4, galleryFaces: 3 }),
    ];
    nodes.push(small);
    const accountId = await newAccount(one);
    await enrol(one, accountId, [face(1)]);
    for (const node of nodes) expect(await nearestIn(node, accountId, embedding(1), 9)).toHaveLength(1);
    for (let i = 2; i < 8; i++) await enrol(small, accountId, [face(i)]);
    await execute(database.url, "DELETE FROM gallery_changes; UPDATE galleries SET pruned = seq");
    for (const node of nodes) {
      for (let i = 1; i < 8; i++)
        expect((await nearestIn(node, accountId, embedding(i), 9))[0]!.cosine).toBeGreaterThan(0.999);
    }
    const other = await newAccount(one);
    await enrol(one, other, [face(1)]);
    expect(await nearestIn(small, other, embedding(1), 9)).toHaveLength(1);
  });

  it("answer for accounts that do not fit in memory together, whoever is searched when", async () => {
    const node = await openPostgresStorage({ url: database.url, connections: 4, galleryFaces: 1_500 });
    nodes.push(node);
    const accounts = [await newAccount(node), await newAccount(node)];
    for (const account of accounts) {
      await enrol(node, account, [face(1)]);
      // Enough that one is still loading when the other is asked for.
      await execute(
        database.url,
        `WITH g AS (
             SELECT i.account, i.row AS identity, g.row AS gallery, g.recogniser FROM accounts a
             JOIN identities i ON i.account = a.row JOIN galleries g ON g.collection = i.collection WHERE a.id = '${account}'),
           f AS (INSERT INTO faces (account, identity, gallery, id, quality, box, confidence, has_crop, created_at)
             SELECT account, identity, gallery, gen_random_uuid(), '{}', '{}', 1, false, 0 FROM g, generate_series(1, 999) RETURNING slot, gallery, identity),
           v AS (INSERT INTO vectors (slot, identity, gallery, recogniser, embedding)
             SELECT slot, f.identity, f.gallery, recogniser, ('[1' || repeat(',0', 127) || ']')::vector FROM f JOIN g ON g.gallery = f.gallery)
         UPDATE galleries SET faces = 1000 WHERE row = (SELECT gallery FROM g)`,
      );
    }
    const probe = embedding(1);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => nearestIn(node, accounts[i % 2]!, probe, 3)),
    );
    for (const answer of answers) expect(answer[0]!.cosine).toBeGreaterThan(0.999);
  });

  it("keep texts that PostgreSQL cannot hold readable", async () => {
    const storage = await open();
    const accountId = await newAccount(storage);
    const { identityId } = await enrol(storage, accountId, [face(1)], {
      externalId: "a\0b",
      metadata: { name: "x\0\uD800", "k\\u0000": "\\u0000" },
    });
    expect(await storage.identities.get(accountId, identityId)).toMatchObject({
      externalId: "a\uFFFDb",
      metadata: { name: "x\uFFFD\uFFFD", "k\\u0000": "\\u0000" },
    });
    expect(
      (await listIn(storage, accountId, { metadata: { name: "x\0\uFFFD" } }, { limit: 9 })).items,
    ).toHaveLength(1);
  });

  it("renew the leases of all jobs but the one that is just being ended, which they hold all the same", async () => {
    const storage = await open();
    const accountId = await newAccount(storage);
    const jobs = [];
    for (let i = 0; i < 3; i++) {
      await enqueue(storage, accountId, search);
      jobs.push(...(await storage.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 3, now: 2000 })));
    }
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    try {
      await other.query(`BEGIN; SELECT 1 FROM jobs WHERE id = '${jobs[1]!.id}' FOR UPDATE`);
      const leases = jobs.map(({ id: jobId, leaseId }) => ({ jobId, leaseId }));
      expect(new Set(await storage.jobs.renew(leases, 9000))).toEqual(new Set(jobs.map((job) => job.id)));
      await other.query("ROLLBACK");
      const due = await query<{ due_at: number }>(database.url, "SELECT due_at::int FROM jobs ORDER BY row");
      expect(due.map((job) => job.due_at)).toEqual([9000, 3000, 9000]);
      // Its lease has run out, and is another's.
      await storage.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 3, now: 4000 });
      expect(await storage.jobs.renew(leases, 9000)).not.toContain(jobs[1]!.id);
    } finally {
      await other.end();
    }
  });

  it("forget someone whom thousands of searches name, in each of them", async () => {
    const storage = await open();
    const accountId = await newAccount(storage);
    const gone = await enrol(storage, accountId, [face(1)]);
    const stays = await enrol(storage, accountId, [face(2)]);
    const result = JSON.stringify(candidates(gone.identityId, stays.identityId));
    await query(
      database.url,
      `WITH search AS (
         INSERT INTO jobs (account, id, kind, rank, turn, status, payload, result, created_at, finished_at)
         SELECT a.row, 'search-' || n, 'search', 0, n, 'Succeeded', '{"kind":"search","images":[],"maxResult":10}', $1, 1000, 1000
         FROM accounts a, generate_series(1, 2500) n RETURNING row)
       INSERT INTO mentions (identity, job) SELECT i.row, search.row FROM identities i, search`,
      [result],
    );
    // Most of it before they are held: a search that ends meanwhile names them too.
    const deleted = storage.identities.delete(accountId, [gone.identityId], 3000);
    const jobId = await enqueue(storage, accountId, search);
    const [job] = await storage.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 3, now: 2000 });
    await storage.jobs.finish(
      { jobId, leaseId: job!.leaseId },
      { type: "answered", result: candidates(gone.identityId, stays.identityId) },
      2000,
    );
    expect(await deleted).toMatchObject({ deleted: true });
    const left = await query<{ result: unknown; count: number }>(
      database.url,
      "SELECT result::jsonb, count(*)::int FROM jobs WHERE kind = 'search' GROUP BY 1",
    );
    expect(left).toEqual([
      {
        count: 2501,
        result: { candidates: [{ ...candidates(stays.identityId).candidates[0], score: 0.8 }] },
      },
    ]);
  });
});
