/** What people send instead, by its first bytes. */
const LOOKS_LIKE: readonly [name: string, test: (ascii: string, bytes: Uint8Array) => boolean][] = [
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

/** What a file seems to be by its first bytes; undefined when nobody knows. */
export const nameOf = (ascii: string, bytes: Uint8Array): string | undefined =>
  LOOKS_LIKE.find(([, test]) => test(ascii, bytes))?.[0];
