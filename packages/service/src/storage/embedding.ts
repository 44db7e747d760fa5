const DIMENSION = 128;
const BYTES = DIMENSION * 4;
/** Engines normalise in float32; anything further off is not an embedding. */
const NORM_TOLERANCE = 1e-3;

/** @throws TypeError, RangeError when it is not 128 finite values of Euclidean length 1. */
export function checkEmbedding(vector: Float32Array): void {
  if (!(vector instanceof Float32Array) || vector.length !== DIMENSION) {
    throw new TypeError(
      `An embedding is a Float32Array of ${DIMENSION} values, not ${vector?.length ?? "nothing"}.`,
    );
  }
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (!(Math.abs(Math.sqrt(squares) - 1) <= NORM_TOLERANCE)) {
    throw new RangeError(
      `An embedding has length 1; this one has length ${Math.sqrt(squares)}. Normalise it first.`,
    );
  }
}

/** float32 little-endian, as every platform that Node.js and the kernel run on lays them out. */
export function toBytes(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, BYTES);
}

/** A view where the bytes lie so that one is possible, else a copy. */
export function fromBytes(bytes: Uint8Array): Float32Array {
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, DIMENSION);
  const vector = new Float32Array(DIMENSION);
  new Uint8Array(vector.buffer).set(bytes);
  return vector;
}
