import { chmod, mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openLocalBlobs } from "../../src/blobs/local.ts";
import { blobContract, chunks } from "./contract.ts";

blobContract("Local", async () => {
  const directory = await mkdtemp(join(tmpdir(), "prosopon-blobs-"));
  const blobs = await openLocalBlobs(directory);
  return {
    blobs,
    async cleanup() {
      await blobs.close();
      await rm(directory, { recursive: true });
    },
  };
});

it("a local blob store removes the parts that a crash left, keeps the blobs, and is its owner's only", async () => {
  const directory = await mkdtemp(join(tmpdir(), "prosopon-blobs-"));
  const first = await openLocalBlobs(directory);
  const { blobId } = await first.put(chunks(Buffer.from("kept"), 9), { maxBytes: 9 });
  await writeFile(join(directory, `${"a".repeat(32)}.part`), "half an image");
  await openLocalBlobs(directory);
  expect(await readdir(directory)).toEqual([blobId]);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, blobId))).mode & 0o777).toBe(0o600);
  await rm(directory, { recursive: true });
});

it("a local blob store that nodes share leaves the parts that another node may be writing", async () => {
  const directory = await mkdtemp(join(tmpdir(), "prosopon-blobs-"));
  const [growing, abandoned] = ["g", "a"].map((letter) => `${letter.repeat(32)}.part`) as [string, string];
  await writeFile(join(directory, growing), "half an image");
  await writeFile(join(directory, abandoned), "half an image");
  const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
  await utimes(join(directory, abandoned), hoursAgo, hoursAgo);
  const one = await openLocalBlobs(directory, { shared: true });
  expect(await readdir(directory)).toEqual([growing]);
  // While one receives, the other one starts.
  async function* received() {
    yield Buffer.from("an im");
    await openLocalBlobs(directory, { shared: true });
    yield Buffer.from("age");
  }
  const { blobId } = await one.put(received(), { maxBytes: 8 });
  expect((await readdir(directory)).toSorted()).toEqual([blobId, growing].toSorted());
  await rm(directory, { recursive: true });
});

it("a local blob store leaves a directory that somebody else made, and what lies in it, as it is", async () => {
  const directory = await mkdtemp(join(tmpdir(), "prosopon-blobs-"));
  await chmod(directory, 0o750);
  await writeFile(join(directory, "download.part"), "half a film");
  const blobs = await openLocalBlobs(directory);
  expect((await stat(directory)).mode & 0o777).toBe(0o750);
  expect(await readdir(directory)).toEqual(["download.part"]);
  const { blobId } = await blobs.put(chunks(Buffer.from("image"), 9), { maxBytes: 9 });
  expect((await stat(join(directory, blobId))).mode & 0o777).toBe(0o600);
  await rm(directory, { recursive: true });
});
