import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { migratePostgres } from "../../src/storage/postgres/migrate.ts";
import { migrations } from "../../src/storage/postgres/migrations.generated.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import type { Storage, StoredResult } from "../../src/storage/types.ts";
import {
  candidates,
  candidatesIn,
  embedding,
  enqueue,
  enrol,
  enrolment,
  face,
  id,
} from "../storage/samples.ts";
import { createDatabase, query, type TestDatabase, testPostgres } from "./database.ts";
import type { Told } from "./older-node/feed.ts";
import { openOlderNode, type OlderNode } from "./older-node/node.ts";
import { asWorker, startWork } from "./older-node/work.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;
const NOW = 2_000;
const CLAIM = { limit: 1, leaseMs: 1_000, maxAttempts: 3 };
const accounts = ["account-one", "account-two"] as const;
const [account] = accounts;

/** All of this version's, and those that `migratePostgres` is let know so far. */
const steps = [...migrations];
const known = migrations as (typeof migrations)[number][];

describe.skipIf(reason !== undefined)(`a node of schema version 1${reason ? `: ${reason}` : ""}`, () => {
  let database: TestDatabase;
  let older: OlderNode | undefined;
  let newer: Storage | undefined;
  beforeEach(async () => {
    known.splice(1);
    database = await createDatabase(server.url);
    expect(await migratePostgres(database.url)).toEqual([steps[0]!.name]);
  });
  afterEach(async () => {
    known.splice(0, known.length, ...steps);
    await older?.close();
    await newer?.close();
    older = newer = undefined;
    await database.drop();
  });

  async function openOlder(slowMs = 0): Promise<OlderNode> {
    older = openOlderNode(database.url, { slowMs });
    for (const id of accounts) await older.createAccount(id);
    return older;
  }

  /** Migrates what is left. */
  async function openNewer(): Promise<Storage> {
    known.splice(0, known.length, ...steps);
    newer = await openPostgresStorage({ url: database.url, connections: 6 });
    return newer;
  }

  it("goes on enrolling, searching and deleting through every migration", async () => {
    const work = startWork(await openOlder(25), accounts);
    await work.more(30);
    for (const step of steps.slice(1)) {
      known.push(step);
      expect(await migratePostgres(database.url)).toEqual([step.name]);
      await work.more(30);
    }
    const done = await work.stop();
    expect(done.deleted).toBeGreaterThan(0);
    expect(done.released).toBeGreaterThan(0);
    await checkBooks(database.url, done);
  });

  it("shares jobs and events with a new node: each ends once, each is told once", async () => {
    const [old, storage] = [await openOlder(5), await openNewer()];
    const told: Told[] = [];
    storage.events.listen((event) => told.push(event));
    await old.listen();
    const work = [startWork(old, accounts), startWork(asWorker(storage), accounts)];
    await Promise.all(work.map((each) => each.more(150)));
    const [one, two] = await Promise.all(work.map((each) => each.stop()));
    // What one of them took, the other one did.
    expect(one!.ended.some((jobId) => two!.sent.includes(jobId))).toBe(true);
    expect(two!.ended.some((jobId) => one!.sent.includes(jobId))).toBe(true);
    const events = await checkBooks(database.url, {
      sent: [...one!.sent, ...two!.sent],
      ended: [...one!.ended, ...two!.ended],
    });
    for (const accountId of accounts) {
      const of = (all: Told[]) => all.filter((event) => event.accountId === accountId);
      await vi.waitFor(() => expect(of(told)).toEqual(of(events)), 120_000);
      await vi.waitFor(() => expect(of(old.told)).toEqual(of(events)), 120_000);
    }
  });

  it("finds whom a new node enrolled, and is found by it, until either deletes them", async () => {
    const old = await openOlder();
    const early = await enrolBy(old, 1);
    const storage = await openNewer();
    const found = async (seed: number) => {
      const probe = embedding(seed);
      const [held, scanned] = [await old.nearest(account, probe), await old.scan(account, probe)];
      const [best] = await storage.identities.nearest(account, probe, 1);
      return [held, scanned, best].map((near) => near && near.cosine > 0.999 && near.identityId);
    };
    // Both hold the gallery in memory from here on.
    expect(await found(1)).toEqual([early, early, early]);

    const byOld = await enrolBy(old, 2);
    const { identityId: byNew } = await enrol(storage, account, [face(3)]);
    expect(await found(2)).toEqual([byOld, byOld, byOld]);
    expect(await found(3)).toEqual([byNew, byNew, byNew]);
    expect(await storage.identities.get(account, byOld)).toMatchObject({ faces: [{ hasCrop: true }] });

    expect(await old.deleteIdentity(account, byNew)).toBe(true);
    expect(await storage.identities.delete(account, [byOld], NOW)).toMatchObject({ deleted: true });
    for (const seed of [2, 3]) expect(await found(seed)).toEqual([false, false, false]);
    expect(await found(1)).toEqual([early, early, early]);
    expect(await storage.identities.count(account)).toEqual({ identities: 1, faces: 1 });
    // A new node cleans the pages too that an older one noted.
    await storage.settle();
    expect(await query(database.url, "SELECT * FROM erasures")).toEqual([]);
  });

  it("names nobody in a search whom a new node deleted, nor does a new node after an older one's deletion", async () => {
    const old = await openOlder();
    const people = [await enrolBy(old, 1), await enrolBy(old, 2)];
    const storage = await openNewer();
    const search = async () => enqueue(storage, account, { kind: "search", images: [], maxResult: 3 }, NOW);
    const searches = [await search(), await search()];
    const [first] = await storage.jobs.claim({ ...CLAIM, now: NOW });
    const answer = { type: "answered" as const, result: candidates(...people) };
    await storage.jobs.finish({ jobId: first!.id, leaseId: first!.leaseId }, answer, NOW);
    const [second] = await old.claim({ ...CLAIM, now: NOW });
    await old.finish(second!, { type: "answered", candidates: people });
    const named = () =>
      Promise.all(
        searches.map(async (jobId) => {
          const job = await storage.jobs.get(account, jobId);
          // As an older node reads it.
          const [row] = await query<{ result: StoredResult }>(
            database.url,
            "SELECT result FROM jobs WHERE id = $1",
            [jobId],
          );
          return [job?.result, row!.result].map((result) =>
            candidatesIn(result).map((candidate) => candidate.identity_id),
          );
        }),
      );
    expect(await named()).toEqual([
      [people, people],
      [people, people],
    ]);
    await storage.identities.delete(account, [people[0]!], NOW);
    const [, left] = people;
    expect(await named()).toEqual([
      [[left], [left]],
      [[left], [left]],
    ]);
    await old.deleteIdentity(account, left!);
    expect(await named()).toEqual([
      [[], []],
      [[], []],
    ]);
  });

  it("takes and loses leases, and external ids, as a new node does", async () => {
    const [old, storage] = [await openOlder(), await openNewer()];
    const person = { type: "enrolled" as const, externalId: "same" };
    await old.enqueue({ id: "first", accountId: account, kind: "enrol", externalId: "same" });
    const [slow] = await old.claim({ ...CLAIM, now: NOW });
    expect(await storage.jobs.claim({ ...CLAIM, now: NOW })).toEqual([]);
    expect(await old.renew([slow!], NOW + 5_000)).toEqual(["first"]);
    expect(await storage.jobs.claim({ ...CLAIM, now: NOW + 4_000 })).toEqual([]);
    const [quick] = await storage.jobs.claim({ ...CLAIM, now: NOW + 6_000 });
    expect(quick).toMatchObject({ id: "first", attempts: 2 });
    expect(await old.renew([slow!], NOW + 20_000)).toEqual([]);
    const lease = { jobId: "first", leaseId: quick!.leaseId };
    const outcome = { ...person, identityId: "one", metadata: {}, faces: [face(1)], result: {} };
    expect(await storage.jobs.finish(lease, outcome, NOW)).toMatchObject({ status: "Succeeded" });
    expect(await old.finish(slow!, { ...person, identityId: "two", faces: [] })).toBe(false);

    await old.enqueue({ id: "second", accountId: account, kind: "enrol", externalId: "same" });
    const [again] = await old.claim({ ...CLAIM, now: NOW });
    expect(await old.finish(again!, { ...person, identityId: "two", faces: [] })).toBe(true);
    expect(await storage.jobs.get(account, "second")).toMatchObject({
      status: "Failed",
      error: expect.stringContaining("already belongs"),
    });
    expect(await storage.identities.count(account)).toEqual({ identities: 1, faces: 1 });
  });

  it("does not count for quotas, but what it began and ended is counted by the next sweep", async () => {
    const old = await openOlder();
    const send = (name: string) =>
      old.enqueue({ id: name, accountId: account, kind: "search", blobIds: [name] });
    await send("before");
    const storage = await openNewer();
    expect(await storage.accounts.usage(account)).toMatchObject({ unfinishedJobs: 1 });
    await enqueue(storage, account, { ...enrolment, images: [{ blobId: "mine", size: 7 }] }, NOW);
    for (const name of ["one", "two"]) await send(name);
    const [first] = await old.claim({ ...CLAIM, now: NOW });
    await old.finish(first!, { type: "answered", candidates: [] });
    await storage.jobs.sweep(0);
    expect(await storage.accounts.usage(account)).toEqual({ unfinishedJobs: 3, pendingBytes: 7 });
    const [mine] = await storage.jobs
      .claim({ ...CLAIM, limit: 9, now: NOW })
      .then((all) => all.filter(({ kind }) => kind === "enrol"));
    await storage.jobs.finish(
      { jobId: mine!.id, leaseId: mine!.leaseId },
      { type: "failed", error: "No." },
      NOW,
    );
    expect(await storage.accounts.usage(account)).toEqual({ unfinishedJobs: 2, pendingBytes: 0 });
  });

  it("keeps the images of a job that died on a new node, and does the job that it is retried as", async () => {
    const [old, storage] = [await openOlder(), await openNewer()];
    const once = { ...CLAIM, maxAttempts: 1, keepDeadMs: 60_000 };
    const image = { blobId: "i".repeat(32), size: 1 };
    const dead = await enqueue(storage, account, { ...enrolment, images: [image] }, NOW);
    await old.claim({ ...once, now: NOW });
    expect(await storage.jobs.claim({ ...once, now: NOW + 5_000 })).toEqual([]);
    expect((await storage.jobs.get(account, dead))?.status).toBe("Failed");
    expect(await old.referencedBlobs()).toEqual([image.blobId]);
    const retried = id("job");
    await storage.jobs.retry(account, dead, { id: retried, now: NOW + 6_000 });
    const [job] = await old.claim({ ...CLAIM, now: NOW + 7_000 });
    expect(job).toMatchObject({ jobId: retried, kind: "enrol" });
    await old.finish(job!, { type: "enrolled", identityId: "late", faces: [] });
    expect((await storage.jobs.get(account, retried))?.status).toBe("Succeeded");

    // One that an older node gives up is not dead, and its images go.
    await old.enqueue({ id: "given-up", accountId: account, kind: "enrol", blobIds: [image.blobId] });
    await old.claim({ ...once, now: NOW });
    await old.claim({ ...once, now: NOW + 5_000 });
    expect((await storage.jobs.get(account, "given-up"))?.status).toBe("Failed");
    expect(await old.referencedBlobs()).toEqual([]);
  });
});

/** One person through the older node's queue. */
async function enrolBy(node: OlderNode, seed: number): Promise<string> {
  const identityId = id("identity");
  await node.enqueue({ id: id("job"), accountId: account, kind: "enrol" });
  const [job] = await node.claim({ ...CLAIM, now: NOW });
  const faces = [{ id: id("face"), embedding: embedding(seed) }];
  expect(await node.finish(job!, { type: "enrolled", identityId, faces })).toBe(true);
  return identityId;
}

/** Every job ended once, events and galleries have no gap. Returns the events, each account's in order. */
async function checkBooks(url: string, done: { sent: string[]; ended: string[] }): Promise<Told[]> {
  expect(done.ended.toSorted()).toEqual(done.sent.toSorted());
  const jobs = await query<{ id: string; status: string; told: string[] }>(
    url,
    "SELECT j.id, j.status, array_agg(e.status ORDER BY e.seq) AS told FROM jobs j JOIN events e ON e.job = j.row GROUP BY j.row ORDER BY j.id",
  );
  expect(jobs.map((job) => job.id)).toEqual(done.sent.toSorted());
  for (const { id, status, told } of jobs)
    expect(`${id}: ${status}; ${told.join(" ")}`).toMatch(
      /: Succeeded; Sent Started (Sent Started )?Succeeded$/,
    );
  const events = await query<Told & { head: number }>(
    url,
    `SELECT a.id AS "accountId", e.seq::int, j.id AS "jobId", e.status, h.seq::int AS head
     FROM events e JOIN jobs j ON j.row = e.job JOIN accounts a ON a.row = e.account JOIN event_heads h ON h.account = a.row ORDER BY a.row, e.seq`,
  );
  for (const [, own] of Map.groupBy(events, ({ accountId }) => accountId)) {
    expect(own.map(({ seq }) => seq)).toEqual(Array.from(own, (_, index) => index + 1));
    expect(own[0]!.head).toBe(own.length);
  }
  const galleries = await query(
    url,
    `SELECT h.account FROM gallery_heads h WHERE h.faces <> (SELECT count(*) FROM vectors v WHERE v.account = h.account)
       OR h.faces <> (SELECT count(*) FROM faces f WHERE f.account = h.account)
       OR h.seq <> (SELECT count(*) FROM gallery_changes c WHERE c.account = h.account AND c.seq BETWEEN 1 AND h.seq)`,
  );
  expect(galleries).toEqual([]);
  return events.map(({ accountId, seq, jobId, status }) => ({ accountId, seq, jobId, status }));
}
