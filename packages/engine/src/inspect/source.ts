import { closeSync, openSync, readSync } from "node:fs";
import type { ImageSource } from "../types.ts";
import { createInspector } from "./inspect.ts";
import type { ImageBounds, Structure } from "./structure.ts";

const READ_BYTES = 256 * 1024;

/** Inspects a whole image, of a file only so far as its picture goes; blocks its thread, which is the engine's. @throws ImageError */
export function inspectSource(source: ImageSource, bounds: ImageBounds): Structure {
  const inspector = createInspector(bounds);
  if (source instanceof Uint8Array) {
    inspector.push(source);
    return inspector.end();
  }
  const file = openSync(source.path, "r");
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    while (!inspector.done) {
      const read = readSync(file, buffer, 0, READ_BYTES, null);
      if (read === 0) break;
      inspector.push(buffer.subarray(0, read));
    }
    return inspector.end();
  } finally {
    closeSync(file);
  }
}
