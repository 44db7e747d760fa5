import { inflateSync } from "node:zlib";
import sharp, { type Sharp, type SharpOptions } from "sharp";
import { ImageError } from "../errors.ts";
import type { Structure } from "../inspect/structure.ts";
import type { Pixels } from "../pipeline/pixels.ts";
import { isSrgb } from "./profile.ts";
import { longestKept } from "./size.ts";

export interface Decoded {
  pixels: Pixels;
  /** Upright size of the image as sent, pixels. */
  width: number;
  height: number;
  /** Pixels of the image as sent for one pixel of `pixels`, >= 1. */
  scale: number;
}

// Each decoder process has one image at a time; nothing that was decoded is kept (privacy, memory).
sharp.concurrency(1);
sharp.cache(false);

/** Decodes what has been inspected. @throws ImageError when the bytes are broken after all */
export async function decode(source: Uint8Array | string, structure: Structure): Promise<Decoded> {
  try {
    return await read(source, structure);
  } catch (cause) {
    throw new ImageError(
      "undecodable",
      `The ${structure.format.toUpperCase()} file cannot be decoded, it is broken or cut off: export the image again and resend it.`,
      { cause },
    );
  }
}

async function read(source: Uint8Array | string, structure: Structure): Promise<Decoded> {
  const image = open(source, structure);
  const kept = longestKept(structure);
  // Pictures that need no resizing skip it: even to the same size it costs a pass.
  if (kept < Math.max(structure.width, structure.height))
    image.resize({ width: kept, height: kept, fit: "inside" }); // upright by then, so no side is known to be the width
  const { data, info } = await image
    .flatten({ background: "white" })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const pixels = { width: info.width, height: info.height, data: asRgb(data, info.channels) };
  const turned = info.width > info.height !== structure.width > structure.height;
  const [width, height] = turned ? [structure.height, structure.width] : [structure.width, structure.height];
  return { pixels, width, height, scale: Math.max(width, height) / Math.max(info.width, info.height) };
}

function open(source: Uint8Array | string, { format, ended, profile }: Structure): Sharp {
  const options: SharpOptions = {
    // Inspected already, and the bound depends on the format.
    limitInputPixels: false,
    // A file without its end gets one, and then only a whole picture gives no warning.
    failOn: ended ? "error" : "warning",
    sequentialRead: true,
    autoOrient: true,
    ignoreIcc: profile !== undefined && isSrgb(format === "png" ? inflateSync(profile) : profile),
  };
  return sharp(source, options);
}

function asRgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    rgb.fill(data[from] ?? 0, to, to + 3);
  }
  return rgb;
}
