import { ImageError } from "./errors.ts";
import type { ImageHeader } from "./types.ts";

/** What people send instead, by its first bytes. */
const LOOKS_LIKE: [name: string, test: (ascii: string, bytes: Uint8Array) => boolean][] = [
  ["a GIF image", (ascii) => ascii.startsWith("GIF8")],
  ["a WebP image", (ascii) => ascii.startsWith("RIFF") && ascii.startsWith("WEBP", 8)],
  [
    "a HEIC or AVIF image",
    (ascii) => ascii.startsWith("ftyp", 4) && /^(hei|hev|mif1|msf1|avi)/.test(ascii.slice(8)),
  ],
  ["a video", (ascii) => ascii.startsWith("ftyp", 4) || ascii.startsWith("\x1aE\xdf\xa3")],
  ["a BMP image", (ascii) => ascii.startsWith("BM")],
  ["a TIFF image", (ascii) => ascii.startsWith("II*\0") || ascii.startsWith("MM\0*")],
  ["a JPEG XL image", (ascii) => ascii.startsWith("\xff\x0a") || ascii.startsWith("JXL ", 4)],
  ["a PDF document", (ascii) => ascii.startsWith("%PDF")],
  ["a ZIP archive", (ascii) => ascii.startsWith("PK\x03\x04")],
  ["an SVG drawing", (ascii) => /<svg[\s>]/i.test(ascii)],
  ["an HTML page", (ascii) => /^\s*<(!doctype html|html|head|body)/i.test(ascii)],
  ["text", (_, bytes) => bytes.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13)],
];

const PNG_SIGNATURE = "\x89PNG\r\n\x1a\n";

/**
 * Reads format and size from the first bytes of an encoded image (64 KiB are enough but for JPEGs with larger
 * metadata; give it all there is then). Decodes nothing.
 * @returns the header, or undefined when more bytes are needed.
 * @throws ImageError `empty`, `unsupported` (not JPEG or PNG: names what it looks like) or `undecodable` (a broken header).
 */
export function inspectHeader(bytes: Uint8Array): ImageHeader | undefined {
  if (bytes.length === 0) throw new ImageError("empty", "The image has no bytes: send a JPEG or PNG file.");
  const start = bytes.subarray(0, 1024);
  const ascii = String.fromCharCode(...start);
  if (ascii.startsWith("\xff\xd8\xff")) return readJpeg(bytes);
  if (ascii.startsWith(PNG_SIGNATURE)) return readPng(bytes);
  // Too short to tell yet, but a beginning of one of the two.
  if (PNG_SIGNATURE.startsWith(ascii) || "\xff\xd8\xff".startsWith(ascii)) return undefined;
  const name = LOOKS_LIKE.find(([, test]) => test(ascii, start))?.[0] ?? "neither";
  const seen = name === "neither" ? "The file is neither" : `The file looks like ${name}`;
  throw new ImageError("unsupported", `${seen}: send a JPEG or PNG image.`);
}

function readPng(bytes: Uint8Array): ImageHeader | undefined {
  if (bytes.length < 24) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(12) !== 0x49484452) throw broken("PNG", "its first chunk is not the image header");
  return sized("png", view.getUint32(16), view.getUint32(20));
}

/** Walks the markers up to the frame header (SOF0..SOF15, but not DHT, JPG and DAC between them). */
function readJpeg(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw broken("JPEG", "a marker is missing before the frame header");
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else if (marker === 0xd9 || marker === 0xda)
      throw broken("JPEG", "the picture starts before its frame header");
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (at + 9 > bytes.length) return undefined;
      return sized("jpeg", view.getUint16(at + 7), view.getUint16(at + 5));
    } else {
      const length = view.getUint16(at + 2);
      if (length < 2) throw broken("JPEG", "a segment has no length");
      at += 2 + length;
    }
  }
  return undefined;
}

function sized(format: ImageHeader["format"], width: number, height: number): ImageHeader {
  if (width === 0 || height === 0)
    throw broken(format.toUpperCase(), `its header says ${width} x ${height} pixels`);
  return { format, width, height };
}

function broken(format: string, why: string): ImageError {
  return new ImageError(
    "undecodable",
    `The ${format} file is broken (${why}): export the image again and resend it.`,
  );
}
