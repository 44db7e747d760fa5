import type { ImageBounds } from "./structure.ts";

/** A photo of 200 megapixels, as phones take them; it is made smaller while it is decoded. */
const DEFAULT_MAX_PIXELS = 250_000_000;
const MAX_PNG_PIXELS = 100_000_000;
/** With the engine at rest and the service around it this fits a container of 1 GiB. */
const DEFAULT_DECODE_MEMORY = 128 * 2 ** 20;
/** Ordinary photos take some 60 MB. */
const MIN_DECODE_MEMORY = 64 * 2 ** 20;

/** @throws RangeError */
export function imageBounds({
  maxPixels = DEFAULT_MAX_PIXELS,
  decodeMemory = DEFAULT_DECODE_MEMORY,
}: { maxPixels?: number | undefined; decodeMemory?: number | undefined } = {}): ImageBounds {
  if (!(maxPixels >= 1)) throw new RangeError(`maxPixels must be >= 1, not ${maxPixels}.`);
  if (!(decodeMemory >= MIN_DECODE_MEMORY))
    throw new RangeError(`decodeMemory must be >= ${MIN_DECODE_MEMORY}, not ${decodeMemory}.`);
  return { maxPixels, maxPngPixels: Math.min(maxPixels, MAX_PNG_PIXELS), decodeMemory };
}
