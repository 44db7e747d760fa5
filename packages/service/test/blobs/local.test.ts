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

it("a local blob store removes the parts that a crash left, keeps the blobs, and is its owner's only where it makes it", async () => {
  const parent = await mkdtemp(join(tmpdir(), "prosopon-blobs-"));
  const directory = join(parent, "blobs");
  const first = await openLocalBlobs(directory);
  const { blobId } = await first.put(chunks(Buffer.from("kept"), 9), { maxBytes: 9 });
  await writeFile(join(directory, "prosopon_abc.part"), "half an image");
  await openLocalBlobs(directory);
  expect(await readdir(directory)).toEqual([blobId]);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, blobId))).mode & 0o777).toBe(0o600);
  await chmod(parent, 0o755);
  await openLocalBlobs(parent);
  expect((await stat(parent)).mode & 0o777).toBe(0o755);
  await rm(parent, { recursive: true });
});

it("a local blob store lists, sweeps and removes nothing that it has not made", async () => {
  const directory = await mkdtemp(join(tmpdir(), "prosopon-blobs-"));
  const others = ["holiday.jpg", "download.part", "A".repeat(32), "prosopon_notes.txt"];
  for (const name of others) await writeFile(join(directory, name), "not ours");
  const blobs = await openLocalBlobs(directory);
  expect(await blobs.list(Date.now() + 60_000)).toEqual([]);
  expect((await readdir(directory)).toSorted()).toEqual(others.toSorted());
  await rm(directory, { recursive: true });
});

it("a local blob store that nodes share leaves the parts that another node may be writing", async () => {
  const directory = await mkdtemp(join(tmpdir(), "prosopon-blobs-"));
  await writeFile(join(directory, "prosopon_growing.part"), "half an image");
  await writeFile(join(directory, "prosopon_abandoned.part"), "half an image");
  const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
  await utimes(join(directory, "prosopon_abandoned.part"), hoursAgo, hoursAgo);
  const one = await openLocalBlobs(directory, { shared: true });
  expect(await readdir(directory)).toEqual(["prosopon_growing.part"]);
  // While one receives, the other one starts.
  async function* received() {
    yield Buffer.from("an im");
    await openLocalBlobs(directory, { shared: true });
    yield Buffer.from("age");
  }
  const { blobId } = await one.put(received(), { maxBytes: 8 });
  expect((await readdir(directory)).toSorted()).toEqual([blobId, "prosopon_growing.part"].toSorted());
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
