import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of pixels and inputs that a thread may leave behind: two or three pictures. */
const LEFT_BYTES = 40e6;

let collect: (() => void) | undefined;

/**
 * Frees what the last image left, once it is much. V8 counts little of it as its own and takes its time: pictures of 10 MB and
 * the views that were cut from them stood at 150 MB a thread. A collection takes some 5 ms in a heap as small as a thread's.
 */
export function collectPixels(): void {
  if (process.memoryUsage().arrayBuffers >= LEFT_BYTES) collectGarbage();
}

export function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}
