import { randomUUID } from "node:crypto";
import type { Storage } from "@prosopon/service";

/** A photo in the blob store that all jobs of the bench share. */
export interface Photo {
  blobId: string;
  size: number;
}

/** An uploaded image outlives its job. */
const images = (photo: Photo, count: number) =>
  Array.from({ length: count }, () => ({ ...photo, uploadId: "bench" }));

export function enqueueSearch(storage: Storage, accountId: string, photo: Photo, id = randomUUID()) {
  const payload = { kind: "search" as const, images: images(photo, 1), maxResult: 10 };
  return storage.jobs.enqueue({ id, accountId, payload, now: Date.now() });
}

export function enqueueImport(storage: Storage, accountId: string, photo: Photo, photos: number) {
  const payload = { kind: "enrol" as const, images: images(photo, photos) };
  return storage.jobs.enqueue({ id: randomUUID(), accountId, payload, now: Date.now() });
}

export async function inLanes(
  lanes: number,
  count: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (next < count) await work(next++);
    }),
  );
}

/** The same in every run. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
