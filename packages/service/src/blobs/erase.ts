import type { Deps } from "../deps.ts";
import { isAway } from "../jobs/fault.ts";

/** For images that nothing needs any more: whatever made them so stands, also where they cannot be erased now. */
export async function eraseOrLeave(
  { blobs, logger }: Pick<Deps, "blobs" | "logger">,
  blobIds: string[],
): Promise<void> {
  await blobs.delete(blobIds).catch((error: unknown) => {
    // What is away says so itself, once.
    const level = isAway(error) ? "debug" : "error";
    logger[level]({ err: error }, "could not erase images that nothing needs any more; the sweep will");
  });
}
