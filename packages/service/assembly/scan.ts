// The scan kernel of the gallery (AssemblyScript; `node build/kernel.ts` compiles it). See src/gallery/bank.ts for the layout.

/** Query: 128 int16. */
const QUERY: usize = 0;
/** Hits: row numbers (u32 each), then approximate products (f64 each). */
const HIT_ROWS: usize = 1024;
const HIT_VALUES: usize = 4096;

const DIMENSION: usize = 128;
const SCALES: usize = 512 * DIMENSION;
const RESIDUALS: usize = SCALES + 512 * 4;

// @ts-ignore: decorator
@inline
function part(codes: usize, at: usize): v128 {
  const eight = v128.load(codes + at);
  const low = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(eight), v128.load(QUERY + 2 * at));
  const high = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(eight), v128.load(QUERY + 2 * at + 16));
  return i32x4.add(low, high);
}

/**
 * Lists the rows of one chunk whose product with the query may reach `threshold`, and returns their number.
 * Approximate product: scale * unit * (codes . query), at most scale * codeError + residual * queryNorm off.
 */
export function scan(
  chunk: usize,
  rows: u32,
  unit: f64,
  codeError: f64,
  queryNorm: f64,
  threshold: f64,
): u32 {
  let hits: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const codes = chunk + <usize>row * DIMENSION;
    const sum = i32x4.add(
      i32x4.add(
        i32x4.add(part(codes, 0), part(codes, 16)),
        i32x4.add(part(codes, 32), part(codes, 48)),
      ),
      i32x4.add(
        i32x4.add(part(codes, 64), part(codes, 80)),
        i32x4.add(part(codes, 96), part(codes, 112)),
      ),
    );
    const dot =
      i32x4.extract_lane(sum, 0) +
      i32x4.extract_lane(sum, 1) +
      i32x4.extract_lane(sum, 2) +
      i32x4.extract_lane(sum, 3);
    const scale = <f64>load<f32>(chunk + SCALES + <usize>row * 4);
    const value = scale * unit * <f64>dot;
    const error = scale * codeError + <f64>load<f32>(chunk + RESIDUALS + <usize>row * 4) * queryNorm;
    if (value + error >= threshold) {
      store<u32>(HIT_ROWS + <usize>hits * 4, row);
      store<f64>(HIT_VALUES + <usize>hits * 8, value);
      hits++;
    }
  }
  return hits;
}
