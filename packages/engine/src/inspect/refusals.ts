import { ImageError } from "../errors.ts";

export type Format = "JPEG" | "PNG";

export const broken = (format: Format, why: string): ImageError =>
  new ImageError(
    "undecodable",
    `The ${format} file is broken (${why}): export the image again and resend it.`,
  );

export const cutOff = (format: Format): ImageError =>
  new ImageError(
    "undecodable",
    `The ${format} file ends too early, it is cut off: export the image again and resend it.`,
  );

/** Costs more than a photograph does. */
export const costly = (format: Format, why: string): ImageError =>
  new ImageError(
    "too-costly",
    `The ${format} file ${why}: save it again as an ordinary photo and resend it.`,
  );

export const unsupported = (what: string): ImageError =>
  new ImageError("unsupported", `The file is ${what}: send an ordinary JPEG or PNG image.`);

export const tooManyPixels = (width: number, height: number, bound: number): ImageError =>
  new ImageError(
    "too-many-pixels",
    `The image has ${width} x ${height} pixels, more than the ${bound} allowed: send a smaller one.`,
  );

export const tooMuchMemory = (format: Format, bytes: number, bound: number): ImageError =>
  new ImageError(
    "too-costly",
    `The ${format} file would take ${megabytes(bytes)} MB to decode, more than the ${megabytes(bound)} MB allowed: save it without ${format === "JPEG" ? "progressive encoding" : "interlacing"}, or smaller.`,
  );

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
