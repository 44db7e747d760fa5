import { join } from "node:path";
import { openLocalBlobs, openS3Blobs, type BlobStore } from "@prosopon/service";
import type { Values } from "./config.ts";
import { CommandError } from "./errors.ts";
import { s3Options } from "./s3-options.ts";
import { prepareDirectory } from "./storage.ts";

export type BlobsOptions = Values<"data"> & Partial<Values<"blobs">>;

/** @throws UsageError, CommandError */
export async function openBlobs(
  { data, blobs }: BlobsOptions,
  { shared }: { shared: boolean },
): Promise<BlobStore> {
  const s3 = blobs === undefined ? undefined : s3Options(blobs);
  try {
    if (s3) return await openS3Blobs(s3);
    return await openLocalBlobs(blobs ?? join(await prepareDirectory(data), "blobs"), { shared });
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`The images in flight cannot be kept in ${blobs}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
