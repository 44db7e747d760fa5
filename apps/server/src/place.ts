import type { BlobStore, Storage } from "@prosopon/service";
import { CommandError } from "./errors.ts";

/** With the data: the mark of the place that the first node kept its images in. */
export const PLACE = "blob-place";

/**
 * Nodes of one database that kept their images in different places would fail each other's jobs for want of them.
 * @throws CommandError when the images of this database are elsewhere.
 */
export async function checkPlace(
  storage: Pick<Storage, "secret">,
  blobs: Pick<BlobStore, "mark">,
  where: string,
): Promise<void> {
  const mark = await blobs.mark();
  if (!Buffer.from(await storage.secret(PLACE, mark)).equals(mark)) throw otherPlace(where);
}

export const otherPlace = (where: string): CommandError =>
  new CommandError(
    `This database's images in flight are in another place than ${where}: another node, or this one before, began to keep them there. Give every node the same --blobs (PROSOPON_BLOBS): a directory that all of them see, or s3://bucket. If that place is gone for good, or its images were moved here, say so in the database, with no node running: DELETE FROM secrets WHERE name = '${PLACE}'; see docs/operations.md.`,
  );
