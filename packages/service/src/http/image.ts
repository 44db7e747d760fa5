import { ImageError, inspectHeader, type ImageHeader } from "@prosopon/engine";

/** A JPEG's metadata may come before its size; more than this is not a photograph's. */
const HEADER_BYTES = 4 * 1024 * 1024;

/**
 * Passes an image's bytes on once its header has shown that it is one: a gigabyte of something else is refused at its first
 * kilobyte. Holds back only the header, at most 4 MiB.
 * @throws ImageError
 */
export async function* inspected(
  bytes: AsyncIterable<Uint8Array>,
  maxPixels: number,
): AsyncGenerator<Uint8Array> {
  let header: ImageHeader | undefined;
  let held: Uint8Array = new Uint8Array();
  let lookAgainAt = 0;
  for await (const chunk of bytes) {
    if (header) {
      yield chunk;
      continue;
    }
    held = held.byteLength === 0 ? chunk : Buffer.concat([held, chunk]);
    // Doubling keeps the work linear for a header that comes in many small chunks.
    if (held.byteLength < lookAgainAt) continue;
    lookAgainAt = held.byteLength * 2;
    header = inspectHeader(held);
    if (!header && held.byteLength > HEADER_BYTES)
      throw new ImageError("undecodable", "its header is over 4 MiB long: save it again without metadata");
    if (!header) continue;
    checkPixels(header, maxPixels);
    yield held;
  }
  if (header) return;
  if (held.byteLength === 0) throw new ImageError("empty", "it has no bytes: send the file's content");
  header = inspectHeader(held);
  if (!header) throw new ImageError("undecodable", "it ends before its header does: send the whole file");
  checkPixels(header, maxPixels);
  yield held;
}

function checkPixels({ width, height }: ImageHeader, maxPixels: number): void {
  if (width * height > maxPixels) {
    throw new ImageError(
      "too-many-pixels",
      `${width} x ${height} is over ${maxPixels} pixels: send it smaller`,
    );
  }
}
