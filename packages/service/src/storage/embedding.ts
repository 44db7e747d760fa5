import type { Embedding } from "@prosopon/engine";
import type { RecogniserRecord } from "./types.ts";

/** Engines normalise in float32; anything further off is not an embedding. */
const NORM_TOLERANCE = 1e-3;

/** @throws TypeError, RangeError when its values are not as many as the recogniser makes, finite and of Euclidean length 1. */
export function checkEmbedding({ values }: Embedding, { id, dimension }: RecogniserRecord): void {
  if (!(values instanceof Float32Array) || values.length !== dimension)
    throw new TypeError(
      `An embedding by ${id} is a Float32Array of ${dimension} values, not ${values?.length ?? "nothing"}.`,
    );
  checkLength(values);
}

/** @throws RangeError when its values are not finite, of Euclidean length 1. */
export function checkLength(values: Float32Array): void {
  let squares = 0;
  for (const value of values) squares += value * value;
  if (!(Math.abs(Math.sqrt(squares) - 1) <= NORM_TOLERANCE))
    throw new RangeError(
      `An embedding has length 1; this one has length ${Math.sqrt(squares)}. Normalise it first.`,
    );
}

/** float32 little-endian, as every platform that Node.js and the kernel run on lays them out. */
export function toBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** A view where the bytes lie so that one is possible, else a copy. */
export function fromBytes(bytes: Uint8Array): Float32Array {
  if (bytes.byteOffset % 4 === 0)
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
