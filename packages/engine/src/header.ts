import type { ImageHeader } from "./types.ts";

/**
 * Reads format and size from the first bytes of an encoded image (64 KiB are enough but for JPEGs with larger
 * metadata; give it all there is then). Decodes nothing.
 * @returns the header, or undefined when more bytes are needed.
 * @throws ImageError `empty`, `unsupported` (not JPEG or PNG: names what it looks like) or `undecodable` (a broken header).
 */
export function inspectHeader(_bytes: Uint8Array): ImageHeader | undefined {
  throw new Error("being built");
}
