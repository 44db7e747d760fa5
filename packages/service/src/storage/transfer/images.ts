import { statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Database } from "better-sqlite3";
import type { BlobStore } from "../../blobs/types.ts";
import { StorageError } from "../types.ts";

/** Bytes in the blob store that a job or an upload needs. */
export interface Image {
  blobId: string;
  size: number;
}

/** Where images go; `name` tells places apart. */
export interface ImagePlace {
  name: string;
  store: BlobStore;
}

export function imagesOf(db: Database): Image[] {
  return db
    .prepare<[], Image>(
      `SELECT blob_id AS blobId, max(size) AS size FROM (
         SELECT b.blob_id, i.value ->> '$.size' AS size FROM job_blobs b JOIN jobs j ON j.row = b.job
           JOIN json_each(j.payload, '$.images') i ON i.value ->> '$.blobId' = b.blob_id
         UNION ALL SELECT blob_id, size FROM uploads)
       GROUP BY blob_id ORDER BY blob_id`,
    )
    .all();
}

/**
 * Those that have to be copied: where the server was given the same place, the images are there already.
 * @throws StorageError `unusable` when one is in neither place, or not whole.
 */
export async function imagesToCopy(
  images: readonly Image[],
  directory: string,
  place: ImagePlace | undefined,
): Promise<Image[]> {
  const here: Image[] = [];
  for (const image of images) {
    const found = statSync(join(directory, image.blobId), { throwIfNoEntry: false });
    if (found?.size === image.size) here.push(image);
    else if (!(await isThere(image, place))) {
      throw new StorageError(
        "unusable",
        `The data was copied in part: an image that an unfinished job or an upload needs is ${found ? "not whole" : "missing"} (${join(directory, image.blobId)}). Copy the directory again with its blobs, while no server runs on it; where the server was given --blobs, give the same here.`,
      );
    }
  }
  return here;
}

async function isThere({ blobId, size }: Image, place: ImagePlace | undefined): Promise<boolean> {
  const copy = await place?.store.open(blobId);
  if (!copy) return false;
  try {
    return (await stat(copy.path)).size === size;
  } finally {
    await copy.release();
  }
}
