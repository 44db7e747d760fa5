import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Banks, Slab } from "../src/gallery/slab.ts";
import { connect } from "../src/storage/sqlite/connect.ts";
import { openSqliteStorage } from "../src/storage/sqlite/open.ts";
import type { IdentityFilter, Storage } from "../src/storage/types.ts";
import { nextTurn } from "../src/turns.ts";
import { atEnd, start, type Fixture } from "./fixture.ts";
import { candidates, embedding, newAccount, listIn, nearestIn } from "./storage/samples.ts";

const PEOPLE = 10_000;
const JOBS = 10_000;

/** Turns of the event loop that others have while the work goes on: a count, which no machine's speed changes. */
async function turnsDuring<T>(work: () => Promise<T>): Promise<{ turns: number; result: T }> {
  let turns = 0;
  const count = (): void => {
    turns++;
    ticking = setImmediate(count);
  };
  let ticking = setImmediate(count);
  const result = await work();
  clearImmediate(ticking);
  return { turns, result };
}

/** Written past the queue, which would take minutes. */
function fill(directory: string, accountId: string): void {
  const db = connect(path.join(directory, "prosopon.db"), false);
  const account = db.prepare("SELECT row FROM accounts WHERE id = ?").pluck().get(accountId) as number;
  const collection = db.prepare("SELECT row FROM collections WHERE account = ?").pluck().get(account);
  const recogniser = db.prepare("SELECT row FROM recognisers").pluck().get();
  const { lastInsertRowid: gallery } = db
    .prepare("INSERT INTO galleries (collection, recogniser) VALUES (?, ?)")
    .run(collection, recogniser);
  const person = db.prepare(
    "INSERT INTO identities (account, collection, id, metadata, folded, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const vector = db.prepare("INSERT INTO vectors (recogniser, embedding) VALUES (?, ?)");
  const face = db.prepare(
    "INSERT INTO faces (slot, account, identity, gallery, id, quality, box, confidence, created_at) VALUES (?, ?, ?, ?, ?, '{}', '{}', 0.9, 1)",
  );
  const job = db.prepare(
    `INSERT INTO jobs (account, id, kind, rank, turn, status, payload, result, created_at, started_at, finished_at)
     VALUES (?, ?, 'search', 0, 0, 'Succeeded', '{"kind":"search","images":[],"maxResult":1}', ?, ?, 1, 1)`,
  );
  const recognition = db.prepare(
    `INSERT INTO jobs (account, id, kind, rank, turn, status, payload, result, identity_id, created_at, started_at, finished_at)
     VALUES (?, ?, 'recognize', 0, 0, 'Succeeded', '{"kind":"recognize","images":[{"blobId":"b","size":1}]}', '{}', 'person-0', ?, 1, 1)`,
  );
  const event = db.prepare("INSERT INTO events (account, seq, job, status) VALUES (?, ?, ?, 'Sent')");
  const mention = db.prepare("INSERT INTO mentions (identity, job) VALUES (1, ?)");
  const same = Buffer.from(embedding(1).values.buffer);
  const answer = JSON.stringify(candidates("person-0"));
  db.transaction(() => {
    for (let i = 0; i < PEOPLE; i++) {
      const metadata = JSON.stringify({ name: `Person ${i}`, team: `t${i % 1000}`, odd: i % 2 === 1 });
      const { lastInsertRowid: row } = person.run(
        account,
        collection,
        `person-${i}`,
        metadata,
        `\u001fPERSON ${i}`,
        i,
        i,
      );
      const { lastInsertRowid: slot } = vector.run(recogniser, same);
      face.run(slot, account, row, gallery, `face-${i}`);
    }
    for (let i = 0; i < JOBS; i++) {
      const { lastInsertRowid: row } = job.run(account, `job-${i}`, answer, i);
      event.run(account, i + 1, row);
      mention.run(row);
    }
    for (let i = 0; i < 2_000; i++) recognition.run(account, `recognition-${i}`, i);
    db.prepare("UPDATE accounts SET event_seq = ? WHERE row = ?").run(JOBS, account);
  })();
  db.close();
}

describe("long work on the event loop", () => {
  let storage: Storage;
  let accountId: string;
  let api: Fixture;

  beforeAll(async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "prosopon-turns-"));
    atEnd(() => rm(directory, { recursive: true }));
    const empty = await openSqliteStorage({ directory });
    accountId = await newAccount(empty);
    await empty.close();
    fill(directory, accountId);
    storage = await openSqliteStorage({ directory });
    atEnd(() => storage.close());
    api = await start({ storage, role: "api" });
    const account = (await storage.accounts.byId(accountId))!;
    const { secretId } = await api.service.accounts.rotate(account.clientId);
    api.token = (await api.login(account.clientId, secretId)).body.token;
  });

  it.each<[string, IdentityFilter, number, (i: number) => boolean]>([
    ["a text that nobody has", { text: "nobody" }, 2, () => false],
    ["a text that some have", { text: "n 99" }, 2, (i) => String(i).startsWith("99")],
    ["metadata that nobody has", { metadata: { team: "none" } }, 49, () => false],
    ["metadata that some have", { metadata: { team: "t7", odd: "true" } }, 49, (i) => i % 1000 === 7],
    ["both", { text: "7", metadata: { odd: "true" } }, 30, (i) => i % 2 === 1 && String(i).includes("7")],
  ])(
    "is given up often by a filter for %s, which finds the same, page by page",
    async (_, filter, least, test) => {
      const { turns, result } = await turnsDuring(async () => {
        const found: string[] = [];
        for (let cursor: string | undefined; ;) {
          const page = await listIn(storage, accountId, filter, {
            limit: 90,
            ...(cursor && { cursor }),
          });
          found.push(...page.items.map(({ id }) => id));
          cursor = page.nextCursor;
          if (!cursor) return found;
        }
      });
      const all = Array.from({ length: PEOPLE }, (__, index) => PEOPLE - 1 - index);
      expect(result).toEqual(all.filter(test).map((i) => `person-${i}`));
      expect(turns).toBeGreaterThanOrEqual(least);
    },
  );

  it("has one step of all long work in a turn, however many requests do some", async () => {
    const { turns } = await turnsDuring(() =>
      Promise.all(
        Array.from({ length: 10 }, () =>
          listIn(storage, accountId, { metadata: { team: "none" } }, { limit: 9 }),
        ),
      ),
    );
    expect(turns).toBeGreaterThanOrEqual(10 * 49);
  });

  it("is given up by lists of jobs that pass over many", async () => {
    const list = () => storage.jobs.list(accountId, { kind: "enrol" }, { limit: 9 });
    const { turns, result } = await turnsDuring(list);
    expect(result.items).toEqual([]);
    expect(turns).toBeGreaterThanOrEqual(5);
    const some = await storage.jobs.list(accountId, { kind: "recognize", status: "Succeeded" }, { limit: 9 });
    expect(some.items.map(({ id }) => id)).toEqual(
      Array.from({ length: 9 }, (_, index) => `recognition-${1_999 - index}`),
    );
  });

  it("is given up by a search among faces that are all alike, which answers as ever", async () => {
    const { turns, result } = await turnsDuring(() => nearestIn(storage, accountId, embedding(1), 3));
    expect(result.map(({ identityId }) => identityId)).toEqual(["person-0", "person-1", "person-2"]);
    expect(turns).toBeGreaterThanOrEqual(8);
  });

  it("is given up by a stream that tells what was missed in a long absence", async () => {
    const stop = new AbortController();
    const { turns } = await turnsDuring(async () => {
      const answer = await fetch(`${api.base}/v1/events`, {
        headers: {
          accept: "text/event-stream",
          authorization: `Bearer ${api.token}`,
          "last-event-id": "0",
        },
        signal: stop.signal,
      });
      let told = "";
      for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
        told += chunk;
        if (told.includes(`"cursor":"${JOBS}"`)) break;
      }
      expect(told.match(/"cursor":/g)).toHaveLength(JOBS);
    });
    stop.abort();
    expect(turns).toBeGreaterThanOrEqual(JOBS / 256);
  });

  it("is given up by deleting many, and who is named by much, and the counts are right", async () => {
    const before = await storage.identities.count(accountId);
    expect(before).toEqual({ identities: PEOPLE, faces: PEOPLE });
    const one = await turnsDuring(() => storage.identities.delete(accountId, ["person-0"], 5_000));
    expect(one.result.deleted).toBe(true);
    // Mentions 500 at a time, its own jobs 200.
    expect(one.turns).toBeGreaterThanOrEqual(JOBS / 500 + 2_000 / 200 - 1);
    const { result } = (await storage.jobs.get(accountId, "job-7"))!;
    expect(result).toEqual({ candidates: [] });
    expect(await storage.jobs.get(accountId, "recognition-7")).toMatchObject({ payload: { images: [] } });
    expect((await storage.jobs.get(accountId, "recognition-7"))!.result).toBeUndefined();

    const ids = Array.from({ length: 1_000 }, (_, index) => `person-${index + 1}`);
    expect(await storage.identities.delete(accountId, [...ids, "person-0"], 5_000)).toEqual({
      deleted: false,
      missing: ["person-0"],
      blobIds: [],
    });
    expect((await storage.identities.count(accountId)).identities).toBe(PEOPLE - 1);
    const many = await turnsDuring(() => storage.identities.delete(accountId, ids, 5_000));
    expect(many.result.deleted).toBe(true);
    expect(many.turns).toBeGreaterThanOrEqual(9);
    expect(await storage.identities.count(accountId)).toEqual({
      identities: PEOPLE - 1_001,
      faces: PEOPLE - 1_001,
    });
  });
});

describe("a search that pauses", () => {
  it("leaves out what is removed meanwhile", async () => {
    const slab = new Slab(new Banks());
    const vector = embedding(1).values;
    const gone = new Set<number>();
    for (let slot = 0; slot < 20_000; slot++) slab.add({ slot, identity: slot }, vector);
    const searching = slab.nearest(vector, 2, (slot) => (gone.has(slot) ? undefined : vector));
    await nextTurn();
    gone.add(19_999).add(19_998);
    slab.remove([19_999, 19_998]);
    expect((await searching).map(({ slot }) => slot)).toEqual([0, 1]);
  });
});
