import { createInspector, type ImageBounds } from "@prosopon/engine";

/**
 * Passes an image's bytes on while they are judged: a gigabyte of something else is refused at its first kilobyte, and what would
 * cost too much to decode as soon as that shows.
 * @throws ImageError
 */
export async function* inspected(
  bytes: AsyncIterable<Uint8Array>,
  bounds: ImageBounds,
): AsyncGenerator<Uint8Array> {
  const inspector = createInspector(bounds);
  for await (const chunk of bytes) {
    inspector.push(chunk);
    yield chunk;
  }
  inspector.end();
}
