import { join, resolve } from "node:path";
import { openLocalBlobs, whyUnusable, type BlobStore } from "@prosopon/service";
import type { Values } from "./config.ts";
import { CommandError } from "./errors.ts";
import { s3Options } from "./s3-options.ts";

export type BlobsOptions = Values<"data"> & Partial<Values<"blobs">>;

/** The place, for messages. */
export const whereOf = ({ data, blobs }: BlobsOptions): string => blobs ?? join(data, "blobs");

/** @throws UsageError, CommandError */
export async function openBlobs(
  { data, blobs }: BlobsOptions,
  { shared }: { shared: boolean },
): Promise<BlobStore> {
  const s3 = blobs === undefined ? undefined : s3Options(blobs);
  const place = resolve(blobs ?? join(data, "blobs"));
  try {
    if (!s3) return await openLocalBlobs(place, { shared });
    const { openS3Blobs } = await import("@prosopon/service/s3");
    return await openS3Blobs(s3);
  } catch (error) {
    throw new CommandError(
      `The pending images cannot be kept in ${s3 ? blobs : place}: ${whyUnusable(error)}. Choose another place with --blobs or PROSOPON_BLOBS, or fix that.`,
      { cause: error },
    );
  }
}
