import type { Point } from "../types.ts";

/** An upright picture: RGB, 8 bits, rows from the top. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Each level half the size of the one before; further levels are made when first asked for. */
export type Pyramid = [Pixels, ...Pixels[]];

/** Turns, scales and shifts: x' = a x - b y + x0, y' = b x + a y + y0. */
export interface Similarity {
  a: number;
  b: number;
  x: number;
  y: number;
}

export function apply({ a, b, x, y }: Similarity, point: Point): Point {
  return { x: a * point.x - b * point.y + x, y: b * point.x + a * point.y + y };
}

export function invert({ a, b, x, y }: Similarity): Similarity {
  const square = a * a + b * b;
  return { a: a / square, b: -b / square, x: -(a * x + b * y) / square, y: (b * x - a * y) / square };
}

/** How a graph wants its pixels: channels first or last, and 0..255 times `scale` plus `offset`. */
export interface Encoding {
  layout: "planes" | "interleaved";
  scale: number;
  offset: number;
}

/**
 * Cuts `size` x `size` pixels out of a picture, bilinear, black outside of it.
 * @param toSource pixel centres of the cut -> pixel centres of the picture.
 */
export function cut(
  pyramid: Pyramid,
  toSource: Similarity,
  size: number,
  { layout, scale, offset }: Encoding,
): Float32Array {
  // Bilinear sampling reads four neighbours: past a factor of 1.4 it would skip pixels, so a smaller level is read.
  const depth = Math.max(0, Math.round(Math.log2(Math.hypot(toSource.a, toSource.b))));
  const { data, width, height } = level(pyramid, depth);
  const shrink = 2 ** depth;
  const a = toSource.a / shrink;
  const b = toSource.b / shrink;
  // Pixel centres are at whole numbers, so halving shifts them by a quarter of a pixel each time.
  const x0 = (toSource.x + 0.5) / shrink - 0.5;
  const y0 = (toSource.y + 0.5) / shrink - 0.5;

  const target = new Float32Array(size * size * 3).fill(offset);
  const [step, plane] = layout === "planes" ? [1, size * size] : [3, 1];
  const stride = width * 3;
  for (let row = 0, to = 0; row < size; row++) {
    for (let column = 0; column < size; column++, to += step) {
      const x = a * column - b * row + x0;
      const y = b * column + a * row + y0;
      if (!(x > -1 && y > -1 && x < width && y < height)) continue;
      const left = Math.floor(x);
      const top = Math.floor(y);
      const right = x - left;
      const below = y - top;
      // Outside the picture a neighbour weighs nothing, and another pixel is read in its place.
      const w = left >= 0;
      const n = top >= 0;
      const e = left + 1 < width;
      const s = top + 1 < height;
      const w00 = w && n ? (1 - right) * (1 - below) : 0;
      const w10 = e && n ? right * (1 - below) : 0;
      const w01 = w && s ? (1 - right) * below : 0;
      const w11 = e && s ? right * below : 0;
      const from = top * stride + left * 3;
      const p00 = w && n ? from : 0;
      const p10 = e && n ? from + 3 : 0;
      const p01 = w && s ? from + stride : 0;
      const p11 = e && s ? from + stride + 3 : 0;
      // The channels written out, as a loop over three takes three times as long.
      target[to] =
        (w00 * data[p00]! + w10 * data[p10]! + w01 * data[p01]! + w11 * data[p11]!) * scale + offset;
      target[to + plane] =
        (w00 * data[p00 + 1]! + w10 * data[p10 + 1]! + w01 * data[p01 + 1]! + w11 * data[p11 + 1]!) * scale +
        offset;
      target[to + 2 * plane] =
        (w00 * data[p00 + 2]! + w10 * data[p10 + 2]! + w01 * data[p01 + 2]! + w11 * data[p11 + 2]!) * scale +
        offset;
    }
  }
  return target;
}

function level(pyramid: Pyramid, depth: number): Pixels {
  let smallest = pyramid[pyramid.length - 1] ?? pyramid[0];
  while (pyramid.length <= depth && smallest.width > 1 && smallest.height > 1) {
    smallest = halve(smallest);
    pyramid.push(smallest);
  }
  return pyramid[depth] ?? smallest;
}

function halve({ width, height, data }: Pixels): Pixels {
  const half = {
    width: width >> 1,
    height: height >> 1,
    data: new Uint8Array((width >> 1) * (height >> 1) * 3),
  };
  const stride = width * 3;
  for (let row = 0, to = 0; row < half.height; row++) {
    let from = row * 2 * stride;
    for (let column = 0; column < half.width; column++, from += 6, to += 3) {
      const below = from + stride;
      // Written out here too.
      half.data[to] = (data[from]! + data[from + 3]! + data[below]! + data[below + 3]! + 2) >> 2;
      half.data[to + 1] = (data[from + 1]! + data[from + 4]! + data[below + 1]! + data[below + 4]! + 2) >> 2;
      half.data[to + 2] = (data[from + 2]! + data[from + 5]! + data[below + 2]! + data[below + 5]! + 2) >> 2;
    }
  }
  return half;
}
