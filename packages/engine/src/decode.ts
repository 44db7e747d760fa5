import { open } from "node:fs/promises";
import sharp from "sharp";
import { ImageError } from "./errors.ts";
import { inspectHeader } from "./header.ts";
import type { Pixels } from "./pixels.ts";
import type { ImageHeader, ImageSource } from "./types.ts";

export interface Decoded {
  pixels: Pixels;
  /** Upright size of the image as sent, pixels. */
  width: number;
  height: number;
  /** Pixels of the image as sent for one pixel of `pixels`, >= 1. */
  scale: number;
}

/** Longest side kept: a face of 100 pixels among a 12-megapixel group keeps 50, enough to be told from another. */
const LONGEST_SIDE = 2048;

/** Most headers end sooner; a JPEG with large metadata is read further, up to what its 16-bit segments can hold in reason. */
const HEADER_READS = [64 * 1024, 1024 * 1024, 32 * 1024 * 1024];

// Decoding shares the cores with inference: one thread an image, and no cache of what was decoded (privacy, memory).
sharp.concurrency(1);
sharp.cache(false);

/** @throws ImageError when the bytes are not an image this engine accepts. */
export async function decode(source: ImageSource, maxPixels: number): Promise<Decoded> {
  const header = await headerOf(source);
  const pixelCount = header.width * header.height;
  if (pixelCount > maxPixels) {
    throw new ImageError(
      "too-many-pixels",
      `The image has ${header.width} x ${header.height} pixels, more than the ${maxPixels} allowed: send a smaller one.`,
    );
  }
  try {
    const image = sharp(source instanceof Uint8Array ? source : source.path, {
      limitInputPixels: maxPixels,
      failOn: "error",
      sequentialRead: true,
      autoOrient: true,
    });
    // Widths that need no resizing skip it: even to the same size it costs a pass.
    if (Math.max(header.width, header.height) > LONGEST_SIDE) {
      image.resize({ width: LONGEST_SIDE, height: LONGEST_SIDE, fit: "inside" });
    }
    const { data, info } = await image
      .flatten({ background: "white" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const pixels = { width: info.width, height: info.height, data: asRgb(data, info.channels) };
    const scale = Math.max(header.width, header.height) / Math.max(info.width, info.height);
    const turned = info.width > info.height !== header.width > header.height;
    return {
      pixels,
      scale,
      width: turned ? header.height : header.width,
      height: turned ? header.width : header.height,
    };
  } catch (cause) {
    throw new ImageError(
      "undecodable",
      `The ${header.format.toUpperCase()} file cannot be decoded, it is broken or cut off: export the image again and resend it.`,
      { cause },
    );
  }
}

async function headerOf(source: ImageSource): Promise<ImageHeader> {
  let header: ImageHeader | undefined;
  if (source instanceof Uint8Array) header = inspectHeader(source);
  else {
    const file = await open(source.path);
    try {
      const { size } = await file.stat();
      for (const length of HEADER_READS) {
        const bytes = new Uint8Array(Math.min(length, size));
        await file.read(bytes, 0, bytes.length, 0);
        header = inspectHeader(bytes);
        if (header !== undefined || size <= length) break;
      }
    } finally {
      await file.close();
    }
  }
  if (header === undefined) {
    throw new ImageError(
      "undecodable",
      "The image ends inside its header, it is cut off: export it again and resend it.",
    );
  }
  return header;
}

function asRgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    rgb.fill(data[from] ?? 0, to, to + 3);
  }
  return rgb;
}
