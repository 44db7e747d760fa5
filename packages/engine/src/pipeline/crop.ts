import { cut, type Pyramid } from "./pixels.ts";
import type { Box } from "../types.ts";

const SIDE = 160;
/** Side of the cut: this many times the detector's box, so that hair and chin are on it. */
const ZOOM = 1.5;

/** A 160 x 160 JPEG of a face, for people to look at; no metadata of the photo goes with it. */
export async function cropFace(pyramid: Pyramid, box: Box): Promise<Uint8Array> {
  const scale = (ZOOM * Math.max(box.width, box.height)) / SIDE;
  const middle = (SIDE - 1) / 2;
  const pixels = cut(
    pyramid,
    {
      a: scale,
      b: 0,
      x: box.x + box.width / 2 - 0.5 - scale * middle,
      y: box.y + box.height / 2 - 0.5 - scale * middle,
    },
    SIDE,
    { layout: "interleaved", scale: 1, offset: 0 },
  );
  // Loaded with the first crop: where none are kept, the engine's own process never needs it.
  const { default: sharp } = await import("sharp");
  const raw = { width: SIDE, height: SIDE, channels: 3 as const };
  const jpeg = await sharp(Uint8Array.from(pixels, Math.round), { raw }).jpeg({ quality: 85 }).toBuffer();
  return new Uint8Array(jpeg);
}
