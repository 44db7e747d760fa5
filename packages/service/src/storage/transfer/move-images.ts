import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { BlobStore } from "../../blobs/types.ts";
import { StorageError } from "../types.ts";
import type { Image } from "./images.ts";
import { holdStep, IMAGES, saveStep } from "./journal.ts";
import type { Target } from "./target.ts";

/** Images between two notes of the place. */
const BATCH = 20;

/** Under their own ids, which jobs and uploads name; an image that was copied and not noted is copied again. */
export async function moveImages(
  images: readonly Image[],
  target: Target,
  store: BlobStore,
  directory: string,
): Promise<void> {
  for (let done = false; !done;) {
    done = await target.transaction(async (client) => {
      const step = await holdStep(client, IMAGES);
      if (step.done) return true;
      const next = images.slice(step.moved, step.moved + BATCH);
      for (const { blobId, size } of next) {
        await store.put(createReadStream(join(directory, blobId)), { maxBytes: size, blobId });
      }
      const ended = next.length < BATCH;
      await saveStep(client, IMAGES, {
        position: next.length > 0 ? [next.at(-1)!.blobId] : step.position,
        moved: step.moved + next.length,
        done: ended,
      });
      return ended;
    });
  }
}

/** @throws StorageError `unusable` when one of them did not arrive as it was sent. */
export async function verifyImages(
  images: readonly Image[],
  store: BlobStore,
  directory: string,
): Promise<void> {
  for (const { blobId } of images) {
    const copy = await store.open(blobId);
    try {
      if (copy && (await sha256(copy.path)) === (await sha256(join(directory, blobId)))) continue;
    } finally {
      await copy?.release();
    }
    throw new StorageError(
      "unusable",
      `Image ${blobId} ${copy ? "is not the same" : "is missing"} where the images were moved to. Drop the database, create it again, and move the data again.`,
    );
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
