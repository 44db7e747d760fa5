/**
 * What a walker over an encoded image asks for next: so many bytes to look at, so many to pass over, or the next marker of a
 * JPEG's picture (0xff and a byte that is neither stuffing nor a restart) within so many, of which it gets the second byte,
 * or nothing when there is none.
 */
export type Want = { take: number } | { skip: number } | { markerWithin: number };

/** Reads the structure of a file of any size in the order of its bytes, holding only what it looks at. */
export type Walk<Result> = Generator<Want, Result, Uint8Array>;

/** Feeds a walker with bytes as they come, in pieces of any size. */
export interface Walker<Result> {
  /** @throws what the walker throws */
  push(bytes: Uint8Array): void;
  /** The walker has seen all that it wanted. */
  readonly done: boolean;
  /** Undefined while it wants more. */
  readonly result: Result | undefined;
}

const NOTHING = new Uint8Array();

export function startWalk<Result>(walk: Walk<Result>): Walker<Result> {
  let step = walk.next();
  let taken = NOTHING;
  /** Bytes of this want that have come. */
  let have = 0;
  /** The last byte seen was 0xff: what follows decides. */
  let escaped = false;
  prepare();

  function prepare(): void {
    have = 0;
    if (step.done !== true && "take" in step.value) taken = new Uint8Array(step.value.take);
  }

  function go(bytes: Uint8Array): void {
    step = walk.next(bytes);
    prepare();
  }

  /** What is left of the bytes. */
  function toMarker(bytes: Uint8Array, within: number): Uint8Array {
    have += bytes.length;
    if (have > within) {
      go(NOTHING);
      return NOTHING;
    }
    for (let at = 0; ;) {
      if (!escaped) {
        at = bytes.indexOf(0xff, at) + 1;
        if (at === 0) return NOTHING;
        escaped = true;
      }
      while (bytes[at] === 0xff) at += 1;
      const marker = bytes[at];
      if (marker === undefined) return NOTHING;
      at += 1;
      escaped = false;
      if (marker === 0 || (marker >= 0xd0 && marker <= 0xd7)) continue;
      go(Uint8Array.of(marker));
      return bytes.subarray(at);
    }
  }

  return {
    push(bytes) {
      let rest = bytes;
      while (step.done !== true) {
        const want = step.value;
        if ("markerWithin" in want) {
          if (rest.length === 0) return;
          rest = toMarker(rest, want.markerWithin);
          continue;
        }
        const part = rest.subarray(0, ("take" in want ? want.take : want.skip) - have);
        if ("take" in want) taken.set(part, have);
        have += part.length;
        rest = rest.subarray(part.length);
        if (have === ("take" in want ? want.take : want.skip)) go("take" in want ? taken : NOTHING);
        else return;
      }
    },
    get done() {
      return step.done === true;
    },
    get result() {
      return step.done === true ? step.value : undefined;
    },
  };
}
