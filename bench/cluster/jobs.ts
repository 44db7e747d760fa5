import { randomUUID } from "node:crypto";
import type { Storage } from "@prosopon/service";
import type { CollectionKey } from "../../packages/service/src/storage/types.ts";

/** Photos in the blob store that the jobs of the bench share. */
export type Photos = readonly { blobId: string; size: number }[];

/** Any of them, one job's differing; an uploaded image outlives its job. */
function images(photos: Photos, count: number) {
  const first = Math.floor(Math.random() * photos.length);
  return Array.from({ length: count }, (_, index) => ({
    ...photos[(first + index) % photos.length]!,
    uploadId: "bench",
  }));
}

export function enqueueSearch(
  storage: Storage,
  { accountId, collectionId }: CollectionKey,
  photos: Photos,
  id = randomUUID(),
) {
  const payload = { kind: "search" as const, images: images(photos, 1), collectionId, maxResult: 10 };
  return storage.jobs.enqueue({ id, accountId, payload, now: Date.now() });
}

export function enqueueImport(
  storage: Storage,
  { accountId, collectionId }: CollectionKey,
  photos: Photos,
  count: number,
) {
  const payload = { kind: "enrol" as const, images: images(photos, count), collectionId };
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
