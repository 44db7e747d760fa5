import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { openLocalBlobs } from "../../../src/blobs/local.ts";
import { openSqliteStorage } from "../../../src/storage/sqlite/open.ts";
import type { ImageRef, Storage } from "../../../src/storage/types.ts";
import {
  account,
  candidates,
  claimOne,
  embedding,
  enqueue,
  enrol,
  enrolment,
  face,
  id,
  listIn,
  nearestIn,
  settings,
  recogniser,
} from "../../storage/samples.ts";

/** What PostgreSQL has to keep although it is unusual. */
export const METADATA = {
  name: "Ἀνδρέας 🧔🏽 Ünïcode",
  "": "no key",
  nested: { list: [1, -0.1, 1e21, null, true, [], {}], text: 'quote " backslash \\ newline \n \\u0000' },
  __proto__key: "odd",
  "emoji 🎉": "\u2028",
};

export interface Filled {
  directory: string;
  /** In order of their making; the last is disabled. */
  accounts: string[];
  sessions: string[];
  uploadId: string;
  started: string;
  waiting: string[];
  dead: string;
  search: string;
  /** Named by the search. */
  mentioned: string;
}

/** A data directory with something of everything in it, of a server that was killed. */
export async function fillDirectory(directory: string): Promise<Filled> {
  const storage = await openSqliteStorage({ directory });
  await storage.recognisers.register(recogniser);
  const blobs = await openLocalBlobs(join(directory, "blobs"));
  const image = async (): Promise<ImageRef> =>
    blobs
      .put(Readable.from([randomBytes(20_000)]), { maxBytes: 1_000_000 })
      .then(({ blobId, size }) => ({ blobId, size }));

  const accounts: string[] = [];
  for (const [name, disabled] of [
    ["Ἀθήνα", false],
    ["Second", false],
    ["Gone", true],
  ] as const) {
    const made = account({
      name,
      disabled,
      secretHash: `$argon2id$${name}`,
      createdAt: 1000 + accounts.length,
    });
    await storage.accounts.create(made, settings);
    accounts.push(made.id);
  }
  const [first, second] = accounts as [string, string];
  await storage.secret("token-signing", 32);
  const sessions = [id("session"), id("session"), id("session")];
  for (const [index, sessionId] of sessions.entries()) {
    await storage.sessions.create({
      id: sessionId,
      accountId: accounts[index % 2]!,
      refreshId: `refresh-${index}`,
      refreshExpiresAt: 9e15 + index,
      revoked: index === 2,
    });
  }

  // Deleted ones leave slots to those that follow: the numbers of faces are not in the order of their coming.
  const early = await enrol(storage, first, [face(1), face(2), face(3)], { externalId: "early" });
  const mentioned = await enrol(storage, first, [face(4, { crop: randomBytes(5_000) }), face(5)], {
    externalId: "schlüssel/1",
    metadata: METADATA,
    now: 3000,
  });
  await storage.identities.delete(first, [early.identityId], 3500);
  const { recogniser: by, values: signed } = embedding(6);
  signed[0] = -0;
  signed[1] = 1e-42;
  const length = Math.hypot(...signed);
  await enrol(
    storage,
    first,
    [
      face(6, {
        embedding: { recogniser: by, values: signed.map((value) => value / length) },
        confidence: 0.1 + 0.2,
      }),
      face(7, { crop: randomBytes(12_000) }),
      face(8),
      face(9),
    ],
    { externalId: "nul \0 and half \ud800 a pair", metadata: { text: "a\0b\ud800", "k\0": 1 }, now: 4000 },
  );
  for (let n = 0; n < 25; n++) await enrol(storage, second, [face(100 + n)], { now: 5000 + (n % 3) });
  await storage.identities.patch(first, mentioned.identityId, { metadata: { city: "Πάτρα" } }, 6000);
  // Forgets the events and jobs of before.
  await storage.jobs.sweep(2500);

  const search = await enqueue(storage, first, { kind: "search", images: [], maxResult: 3 }, 7000);
  const claimed = (await claimOne(storage, 7000))!;
  await storage.jobs.finish(
    { jobId: search, leaseId: claimed.leaseId },
    { type: "answered", result: candidates(mentioned.identityId) },
    7001,
  );
  const dead = await enqueue(storage, second, { kind: "enrol", images: [await image()] }, 7100);
  await claimOne(storage, 7100, 1);
  await storage.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 1, keepDeadMs: 9e12, now: 9000 });

  const upload = { id: id("upload"), accountId: first, image: await image(), expiresAt: 9e15 };
  await storage.uploads.create(upload);
  const started = await enqueue(
    storage,
    first,
    { kind: "enrol", images: [await image()], externalId: "new" },
    9100,
  );
  await claimOne(storage, 9100);
  const waiting = [
    await enqueue(storage, second, { kind: "enrol", images: [await image(), await image()] }, 9200),
    await enqueue(
      storage,
      first,
      { kind: "recognize", images: [await image()], identityId: mentioned.identityId },
      9300,
    ),
    await enqueue(
      storage,
      first,
      { kind: "search", images: [{ ...upload.image, uploadId: upload.id }], maxResult: 5 },
      9400,
    ),
  ];
  await storage.close();
  await blobs.close();
  return {
    directory,
    accounts,
    sessions,
    uploadId: upload.id,
    started,
    waiting,
    dead,
    search,
    mentioned: mentioned.identityId,
  };
}

/** Many faces, so that a transfer takes some batches. */
export async function fillWithFaces(directory: string, faces: number): Promise<void> {
  const storage = await openSqliteStorage({ directory });
  const { id: accountId } = account();
  await storage.recognisers.register(recogniser);
  await storage.accounts.create(account({ id: accountId }), settings);
  await storage.secret("token-signing", 32);
  for (let made = 0; made < faces; made += 500) {
    await enrol(
      storage,
      accountId,
      Array.from({ length: 500 }, (_, n) => face(made + n, { crop: randomBytes(300) })),
      { now: 2000 + made },
    );
  }
  await enqueue(storage, accountId, enrolment);
  await storage.close();
}

/** SHA-256 of what lies in the database and beside it; without what SQLite makes to read it. */
export async function bytesOf(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !/-(shm|wal)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const sums = names.map(async (name) => [
    name,
    createHash("sha256")
      .update(await readFile(name))
      .digest("hex"),
  ]);
  return Object.fromEntries(await Promise.all(sums)) as Record<string, string>;
}

/** Everything that an account's clients can ask for, and what the server keeps for itself. */
export async function answersOf(storage: Storage, filled: Filled): Promise<unknown> {
  const accounts = [];
  for (const accountId of filled.accounts) {
    const identities = await pages((page) => listIn(storage, accountId, {}, page));
    const jobs = await pages((page) => storage.jobs.list(accountId, {}, page));
    const probes = identities.length > 0 ? [1, 6, 105].map((seed) => embedding(seed)) : [];
    accounts.push({
      account: await storage.accounts.byId(accountId),
      identities,
      count: await storage.identities.count(accountId),
      crops: await Promise.all(
        identities.flatMap(({ faces }) =>
          faces.map(async (one) =>
            Buffer.from((await storage.faces.crop(accountId, one.id)) ?? []).toString("hex"),
          ),
        ),
      ),
      nearest: await Promise.all(probes.map((probe) => nearestIn(storage, accountId, probe, 10))),
      byName: await listIn(storage, accountId, { text: "ünïc" }, { limit: 5 }),
      byKey: await listIn(storage, accountId, { metadata: { city: "Πάτρα" } }, { limit: 5 }),
      jobs,
      unfinished: await storage.jobs.unfinished(accountId),
      head: await storage.events.head(accountId),
      events: await storage.events.since(accountId, 3, 1_000),
      allEvents: await storage.events.since(accountId, 0, 1_000),
      upload: await storage.uploads.get(accountId, filled.uploadId, 0),
    });
  }
  return {
    accounts,
    list: await storage.accounts.list(),
    sessions: await Promise.all(filled.sessions.map((session) => storage.sessions.byId(session))),
    secret: await storage.secret("token-signing", 32),
    blobs: [...(await storage.referencedBlobs())].toSorted(),
  };
}

/** The pages by their cursors, so that these are compared too. */
async function pages<T>(
  list: (page: { limit: number; cursor?: string }) => Promise<{ items: T[]; nextCursor?: string }>,
): Promise<(T & { cursor?: string })[]> {
  const all: (T & { cursor?: string })[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await list({ limit: 4, ...(cursor && { cursor }) });
    all.push(...page.items.map((item) => ({ ...item, ...(page.nextCursor && { cursor: page.nextCursor }) })));
    if (!(cursor = page.nextCursor)) return all;
  }
}

const made: string[] = [];

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "prosopon-transfer-"));
  made.push(directory);
  return directory;
}

export async function removeDirectories(): Promise<void> {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true, force: true });
}

/** Overwrites the middle of the file with noise. */
export async function damage(path: string): Promise<void> {
  const bytes = await readFile(path);
  randomBytes(3 * 4096).copy(bytes, Math.floor(bytes.length / 8192) * 4096);
  await writeFile(path, bytes);
}
