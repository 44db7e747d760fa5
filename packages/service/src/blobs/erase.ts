import type { Logger } from "pino";
import { isAway } from "../errors/outages.ts";
import type { BlobStore } from "./types.ts";

/** For images that nothing needs any more: whatever made them so stands, also where they cannot be erased now. */
export async function eraseOrLeave(
  { blobs, logger }: { blobs: Pick<BlobStore, "delete">; logger: Logger },
  blobIds: string[],
): Promise<void> {
  await blobs.delete(blobIds).catch((error: unknown) => {
    // What is away says so itself, once.
    const level = isAway(error) ? "debug" : "error";
    logger[level]({ err: error }, "could not erase images that nothing needs any more; the sweep will");
  });
}
