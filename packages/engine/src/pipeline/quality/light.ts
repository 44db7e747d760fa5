import { ALIGNED_SIZE } from "../align.ts";

/** What there is of the light in an aligned face; 0..255 for the first two. */
export interface Light {
  mean: number;
  deviation: number;
  /** Mean absolute Laplacian. */
  edges: number;
  /** Part of the pixels that are as bright as can be, 0..1. */
  burnt: number;
  /** The brightest tenth of either eye's surroundings, over the cheeks. */
  eyes: number;
  /** Deviation of either eye's surroundings, over the light of the cheeks. */
  eyesDetail: number;
  /** Deviation of the mouth's surroundings, over their own light. */
  mouthDetail: number;
}

/** The middle of the aligned face, where there is skin and not background: rows and columns from, to. */
const MIDDLE = [24, 88] as const;
const BURNT = 250;
/** Middle and half the sides of what surrounds eyes and mouth, and of the cheeks, in the aligned face. */
const LEFT_EYE = [38, 52, 8, 4] as const;
const RIGHT_EYE = [74, 52, 8, 4] as const;
const MOUTH = [56, 92, 12, 6] as const;
const CHEEKS = [
  [36, 74, 6, 4],
  [76, 74, 6, 4],
] as const;

type Patch = readonly [x: number, y: number, halfWidth: number, halfHeight: number];

export function lightOf(aligned: Float32Array): Light {
  const plane = ALIGNED_SIZE * ALIGNED_SIZE;
  const luma = (at: number): number =>
    0.299 * (aligned[at] ?? 0) + 0.587 * (aligned[at + plane] ?? 0) + 0.114 * (aligned[at + 2 * plane] ?? 0);
  const [from, to] = MIDDLE;
  let [count, sum, squares, edges, burnt] = [0, 0, 0, 0, 0];
  for (let row = from; row < to; row++) {
    for (let column = from; column < to; column++, count++) {
      const at = row * ALIGNED_SIZE + column;
      const value = luma(at);
      sum += value;
      squares += value * value;
      if (value >= BURNT) burnt++;
      edges += Math.abs(
        4 * value - luma(at - 1) - luma(at + 1) - luma(at - ALIGNED_SIZE) - luma(at + ALIGNED_SIZE),
      );
    }
  }
  const mean = sum / count;

  const patch = ([x, y, halfWidth, halfHeight]: Patch): number[] => {
    const values: number[] = [];
    for (let row = y - halfHeight; row <= y + halfHeight; row++)
      for (let column = x - halfWidth; column <= x + halfWidth; column++)
        values.push(luma(row * ALIGNED_SIZE + column));
    return values;
  };
  const cheeks = Math.max(1, quantile(CHEEKS.flatMap(patch), 0.5));
  const eyes = [LEFT_EYE, RIGHT_EYE].map(patch);
  const mouth = patch(MOUTH);
  return {
    mean,
    deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)),
    edges: edges / count,
    burnt: burnt / count,
    eyes: Math.max(...eyes.map((values) => quantile(values, 0.9))) / cheeks,
    eyesDetail: Math.max(...eyes.map(deviationOf)) / cheeks,
    mouthDetail: deviationOf(mouth) / Math.max(1, meanOf(mouth)),
  };
}

const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(part * values.length)]!;

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
