import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLocalBlobs } from "../../src/blobs/local.ts";
import { SETTLE_MS } from "../../src/storage/sqlite/erasure.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/open.ts";
import type { Storage } from "../../src/storage/types.ts";
import { type Enrolled, embedding, enrol, face, newAccount } from "./samples.ts";

let directory: string;
let storage: Storage;
let accountId: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "prosopon-erasure-"));
  storage = await openSqliteStorage({ directory });
  accountId = await newAccount(storage);
});
afterEach(async () => {
  await storage.close();
  await rm(directory, { recursive: true });
});

/** How many of the 8-byte words of these bytes stand anywhere in the data directory. */
function wordsOnDisk(secrets: Uint8Array[]): number {
  const input = Buffer.concat(
    secrets.map((secret) => secret.subarray(0, secret.length - (secret.length % 8))),
  );
  const { stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "grep.ts"), directory], {
    input,
    encoding: "utf8",
  });
  if (!stdout) throw new Error(stderr);
  return Number(stdout);
}

function secretsOf({ faces }: Enrolled): Uint8Array[] {
  return faces.flatMap(({ embedding: vector, crop }) => [
    new Uint8Array(vector.values.buffer),
    ...(crop ? [crop] : []),
  ]);
}

let seed = 0;
const newFace = (cropBytes: number) =>
  face(++seed, {
    embedding: embedding(seed),
    ...(cropBytes > 0 && { crop: new Uint8Array(randomBytes(cropBytes)) }),
  });

describe("SQLite erasure", () => {
  it("leaves no byte of deleted embeddings and crops, after much coming and going, and all of the others", async () => {
    const live: Enrolled[] = [];
    const deleted: Enrolled[] = [];
    for (let round = 0; round < 900; round++) {
      if (live.length > 20 && round % 9 >= 5) {
        const [gone] = live.splice((round * 7919) % live.length, 1);
        await storage.identities.delete(accountId, [gone!.identityId], 3000);
        deleted.push(gone!);
      } else {
        const faces = [
          newFace(round % 4 === 0 ? 500 + ((round * 37) % 9000) : 0),
          ...(round % 3 === 0 ? [newFace(0)] : []),
        ];
        live.push(
          await enrol(storage, accountId, faces, {
            externalId: `ext-${round}`,
            metadata: { name: `n${round}` },
          }),
        );
      }
    }
    await storage.settle();
    expect(wordsOnDisk(deleted.flatMap(secretsOf))).toBe(0);
    expect(wordsOnDisk(live.flatMap(secretsOf))).toBeGreaterThan(live.length * 60);

    await storage.close();
    storage = await openSqliteStorage({ directory });
    expect(wordsOnDisk(deleted.flatMap(secretsOf))).toBe(0);
  });

  it("erases a single face and its crop as well", async () => {
    const enrolled = await enrol(storage, accountId, [newFace(6000), newFace(6000)]);
    const [first, second] = enrolled.faces;
    await storage.faces.delete(accountId, first!.id, 3000);
    await storage.settle();
    expect(wordsOnDisk(secretsOf({ ...enrolled, faces: [first!] }))).toBe(0);
    expect(wordsOnDisk(secretsOf({ ...enrolled, faces: [second!] }))).toBeGreaterThan(64);
  });

  it("happens within the settling time without anyone asking", async () => {
    const enrolled = await enrol(storage, accountId, [newFace(6000)]);
    await storage.identities.delete(accountId, [enrolled.identityId], 3000);
    await sleep(SETTLE_MS + 500);
    expect(wordsOnDisk(secretsOf(enrolled))).toBe(0);
  });

  it("waits for a reader that still sees the old state, and then finishes", async () => {
    const enrolled = await enrol(storage, accountId, [newFace(6000)]);
    const reader = new Database(join(directory, "prosopon.db"), { readonly: true });
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM faces").get();
    await storage.identities.delete(accountId, [enrolled.identityId], 3000);
    let settled = false;
    const settling = storage.settle().then(() => (settled = true));
    await sleep(200);
    expect(settled).toBe(false);
    reader.exec("COMMIT");
    await settling;
    expect(wordsOnDisk(secretsOf(enrolled))).toBe(0);
    reader.close();
  });

  it("reaches what a killed process had deleted but not settled, at the next opening", async () => {
    const script = join(import.meta.dirname, "delete-and-die.ts");
    await storage.close();
    const { stdout, signal } = spawnSync(
      process.execPath,
      ["--conditions=@prosopon/source", script, directory],
      { encoding: "utf8" },
    );
    expect(signal).toBe("SIGKILL");
    const secret = Buffer.from(stdout.trim(), "hex");
    expect(wordsOnDisk([secret])).toBeGreaterThan(0);
    storage = await openSqliteStorage({ directory });
    await storage.settle();
    expect(wordsOnDisk([secret])).toBe(0);
  });

  it("leaves no byte of a deleted image", async () => {
    const blobs = await openLocalBlobs(join(directory, "blobs"));
    const image = new Uint8Array(randomBytes(200_000));
    const { blobId } = await blobs.put([image] as never, { maxBytes: 1e6 });
    expect(wordsOnDisk([image])).toBe(25_000);
    await blobs.delete([blobId]);
    expect(wordsOnDisk([image])).toBe(0);
    await blobs.close();
  });
});
