// The scan kernel of the gallery (AssemblyScript; `node build/kernel.ts` compiles it). See src/gallery/bank.ts for the layout.

/** Query: int16, at most 2,048 of them. */
const QUERY: usize = 0;
/** Hits: row numbers (u32 each), then approximate products (f64 each). */
const HIT_ROWS: usize = 4096;
const HIT_VALUES: usize = 6144;

const CHUNK_ROWS: usize = 512;
/** Codes that are multiplied at once: a sum of so many products of 127 and 32,767 is far within 32 bits. */
const BLOCK: usize = 128;

// @ts-ignore: decorator
@inline
function part(codes: usize, at: usize): v128 {
  const eight = v128.load(codes + at);
  const low = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(eight), v128.load(QUERY + 2 * at));
  const high = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(eight), v128.load(QUERY + 2 * at + 16));
  return i32x4.add(low, high);
}

// @ts-ignore: decorator
@inline
function block(codes: usize, at: usize): i32 {
  const sum = i32x4.add(
    i32x4.add(
      i32x4.add(part(codes, at), part(codes, at + 16)),
      i32x4.add(part(codes, at + 32), part(codes, at + 48)),
    ),
    i32x4.add(
      i32x4.add(part(codes, at + 64), part(codes, at + 80)),
      i32x4.add(part(codes, at + 96), part(codes, at + 112)),
    ),
  );
  return (
    i32x4.extract_lane(sum, 0) +
    i32x4.extract_lane(sum, 1) +
    i32x4.extract_lane(sum, 2) +
    i32x4.extract_lane(sum, 3)
  );
}

/**
 * Lists the rows of one chunk whose product with the query may reach `threshold`, and returns their number. A row has `width`
 * codes, a multiple of BLOCK.
 * Approximate product: scale * unit * (codes . query), at most scale * codeError + residual * queryNorm off.
 */
export function scan(
  chunk: usize,
  rows: u32,
  width: usize,
  unit: f64,
  codeError: f64,
  queryNorm: f64,
  threshold: f64,
): u32 {
  const scales = chunk + CHUNK_ROWS * width;
  const residuals = scales + CHUNK_ROWS * 4;
  let hits: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const codes = chunk + <usize>row * width;
    let dot = <f64>block(codes, 0);
    for (let at: usize = BLOCK; at < width; at += BLOCK) dot += <f64>block(codes, at);
    const scale = <f64>load<f32>(scales + <usize>row * 4);
    const value = scale * unit * dot;
    const error = scale * codeError + <f64>load<f32>(residuals + <usize>row * 4) * queryNorm;
    if (value + error >= threshold) {
      store<u32>(HIT_ROWS + <usize>hits * 4, row);
      store<f64>(HIT_VALUES + <usize>hits * 8, value);
      hits++;
    }
  }
  return hits;
}
