import type { Logger } from "pino";
import { isAway } from "../errors/outages.ts";
import type { BlobStore } from "./types.ts";

/** Erases images that nothing needs any more. Never rejects: whatever made them so stands, also where they cannot be erased now. */
export type EraseImages = (blobIds: string[]) => Promise<void>;

export function createEraseImages(blobs: Pick<BlobStore, "delete">, logger: Logger): EraseImages {
  return (blobIds) =>
    blobs.delete(blobIds).catch((error: unknown) => {
      // What is away says so itself, once.
      const level = isAway(error) ? "debug" : "error";
      logger[level]({ err: error }, "could not erase images that nothing needs any more; the sweep will");
    });
}
