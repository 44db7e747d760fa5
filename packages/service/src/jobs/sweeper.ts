import { isAway } from "../errors/outages.ts";
import type { Logger } from "pino";
import type { IncomingImages } from "../blobs/incoming.ts";
import type { BlobStore } from "../blobs/types.ts";
import type { Clock } from "../clock.ts";
import type { Limits } from "../limits.ts";
import type { Storage } from "../storage/types.ts";

/** From the end of a sweep to the next: how often what has expired is forgotten. */
const SWEEP_MS = 5 * 60_000;
/** What `stop` waits for the step under way, which may be one of a database or an object storage that does not answer. */
const STOP_MS = 3_000;
/** Images looked up and erased at a time. */
const BATCH = 500;

/** What is swept, and by which times. */
export interface SweeperTools {
  storage: Storage;
  blobs: BlobStore;
  /** Not swept, although nothing refers to them yet. */
  incoming: IncomingImages;
  limits: Limits;
  clock: Clock;
  logger: Logger;
}

export interface Sweeper {
  /** Sweeps no more; a sweep under way ends with its step. Resolves within 3 s, whatever that waits for. */
  stop(): Promise<void>;
}

/**
 * Forgets sessions, jobs and uploads whose time is over, and erases images that nothing refers to. One sweep at a time; what
 * fails of it, as on a full disk, keeps nothing else from being swept.
 */
export function createSweeper(tools: SweeperTools): Sweeper {
  const { storage, blobs, incoming, limits, clock, logger } = tools;
  const stopping = new AbortController();
  const { signal } = stopping;
  let cancel = () => {};
  let sweeping: Promise<void> | undefined;

  async function sweep(): Promise<void> {
    const now = clock.now();
    const expired: string[] = [];
    // What frees most room comes first; then what nobody may see any more.
    await attempt(async () => void expired.push(...(await storage.uploads.sweep(now, signal))));
    await attempt(async () => void expired.push(...(await storage.jobs.expire(now, signal))));
    await attempt(async () => void expired.push(...(await storage.collections.sweep(now, signal))));
    await attempt(() => erase(expired));
    // By the clock that the files have their times from.
    await attempt(async () => erase(await blobs.list(Date.now() - limits.orphanAgeMs)));
    await attempt(() => storage.jobs.sweep(now - limits.jobRetentionMs, signal));
    await attempt(() => storage.sessions.sweep(now, signal));
  }

  async function attempt(step: () => Promise<unknown>): Promise<void> {
    if (signal.aborted) return;
    await step().catch((error: unknown) => {
      // The storage may be closed already where `stop` gave up waiting; what is away says so itself, once.
      if (!signal.aborted && !isAway(error)) logger.error({ err: error }, "could not sweep");
    });
  }

  async function erase(blobIds: string[]): Promise<void> {
    if (blobIds.length === 0) return;
    // In this order: an image is incoming until a job refers to it.
    const arriving = incoming.ids();
    const needed = await storage.referencedBlobs();
    const unneeded = blobIds.filter((id) => !arriving.has(id) && !needed.has(id));
    for (let at = 0; at < unneeded.length && !signal.aborted; at += BATCH)
      await blobs.delete(unneeded.slice(at, at + BATCH));
  }

  function plan(ms: number): void {
    cancel = clock.after(ms, () => {
      sweeping ??= sweep().finally(() => {
        sweeping = undefined;
        if (!signal.aborted) plan(SWEEP_MS);
      });
    });
  }
  plan(1_000);

  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    stopping.abort();
    cancel();
    const late = Promise.withResolvers<void>();
    const cancelLate = clock.after(STOP_MS, late.resolve);
    await Promise.race([sweeping, late.promise]);
    cancelLate();
  }
  return { stop: () => (stopped ??= stop()) };
}
