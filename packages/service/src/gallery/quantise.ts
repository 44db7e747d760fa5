/** Codes that the kernel multiplies at once (assembly/scan.ts). */
const BLOCK = 128;

/** Codes of a row: as many as the vector has values, and zeros up to a whole block. */
export const widthOf = (dimension: number): number => Math.ceil(dimension / BLOCK) * BLOCK;

const CODE_MAX = 127;
const QUERY_MAX = 32_767;
/** Room for the roundings of double-precision arithmetic over 2,048 terms (each below 2^-53), with a wide margin. */
const ROUNDING = 1e-12;

/** Bounds on a stored row: its vector lies within `residual` (Euclidean) of `scale * codes`. */
export interface Quantised {
  scale: number;
  residual: number;
}

/** Writes one int8 code for each value and returns what the bound needs. Any finite vector will do, denormals included. */
export function quantise(vector: Float32Array, codes: Int8Array): Quantised {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i]!));
  const scale = Math.fround(largest / CODE_MAX);
  // Whatever the codes, the bound holds: the residual is taken from them as they are.
  const inverse = scale > 0 ? 1 / scale : 0;
  let squares = 0;
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i]!;
    // A denormal scale can be far too small for its largest value: clamp.
    const code = Math.max(-CODE_MAX, Math.min(CODE_MAX, Math.floor(value * inverse + 0.5)));
    codes[i] = code;
    const error = value - scale * code;
    squares += error * error;
  }
  // Rounded up: a float32 may be half a step below the double it came from.
  const residual = Math.fround(Math.sqrt(squares) * (1 + 2 ** -22) + 2 ** -149);
  return { scale, residual };
}

/** A probe as the kernel takes it. |exact - approximate| <= scale * codeError + residual * norm. */
export interface Query {
  vector: Float32Array;
  codes: Int16Array;
  /** Value of one step of `codes`. */
  unit: number;
  codeError: number;
  norm: number;
}

/**
 * Exact = x.q, with x = scale * codes + r and |r| <= residual, q = unit * queryCodes + e. Then
 * x.q - scale * unit * (codes.queryCodes) = scale * (codes.e) + r.q, and Cauchy-Schwarz bounds both terms.
 */
export function quantiseQuery(vector: Float32Array): Query {
  let largest = 0;
  let squares = 0;
  for (const value of vector) {
    largest = Math.max(largest, Math.abs(value));
    squares += value * value;
  }
  const unit = largest / QUERY_MAX;
  const codes = new Int16Array(widthOf(vector.length));
  let errors = 0;
  for (let i = 0; i < vector.length; i++) {
    const code = unit > 0 ? Math.round(vector[i]! / unit) : 0;
    codes[i] = code;
    errors += (vector[i]! - unit * code) ** 2;
  }
  const norm = Math.sqrt(squares) * (1 + 1e-9);
  const longestCodes = CODE_MAX * Math.sqrt(vector.length);
  return {
    vector,
    codes,
    unit,
    codeError: longestCodes * (Math.sqrt(errors) * (1 + 1e-9) + ROUNDING * norm),
    norm,
  };
}

/** The product of two vectors of one length in double precision, summed in order: every product of two float32 is exact. */
export function exactProduct(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
