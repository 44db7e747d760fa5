import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
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
  await writeFile(join(directory, "abc.part"), "half an image");
  await openLocalBlobs(directory);
  expect(await readdir(directory)).toEqual([blobId]);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, blobId))).mode & 0o777).toBe(0o600);
  await rm(directory, { recursive: true });
});
