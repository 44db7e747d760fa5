import type { Deps } from "../deps.ts";

/** How often what has expired is forgotten. */
const SWEEP_MS = 5 * 60_000;

export interface Sweeper {
  sweep(): Promise<void>;
  stop(): void;
}

/** Forgets sessions, jobs and uploads whose time is over, and erases images that nothing refers to. */
export function createSweeper(deps: Deps): Sweeper {
  const { storage, blobs, clock, limits, logger, receiving } = deps;
  let cancel = () => {};

  async function sweep(): Promise<void> {
    const now = clock.now();
    await storage.sessions.sweep(now);
    await storage.jobs.sweep(now - limits.jobRetentionMs);
    const expired = [...(await storage.uploads.sweep(now)), ...(await storage.jobs.expire(now))];
    const old = await blobs.list(now - limits.orphanAgeMs);
    // In this order: an image leaves `arriving` only after a job refers to it.
    const arriving = new Set(receiving);
    const needed = await storage.referencedBlobs();
    await blobs.delete(
      [...new Set([...expired, ...old])].filter((id) => !arriving.has(id) && !needed.has(id)),
    );
  }

  function plan(ms: number): void {
    cancel = clock.after(ms, () => {
      sweep().catch((error: unknown) => logger.error({ err: error }, "could not sweep"));
      plan(SWEEP_MS);
    });
  }
  plan(1_000);
  return { sweep, stop: () => cancel() };
}
