import type { CalibrationPoint } from "@prosopon/core/contract";

/** From this score a comparison is a recognition, and above the other a search lists it (the documented API's lines). */
export const RECOGNIZED_SCORE = 0.95;
export const LISTED_SCORE = 0.85;

/** Raw cosines at the two lines, placed by false-match rate; to be derived again with `pnpm bench accuracy --lfw DIR`. */
const RECOGNIZED_COSINE = 0.36;
const LISTED_COSINE = 0.3;

const STEEPNESS = (logit(RECOGNIZED_SCORE) - logit(LISTED_SCORE)) / (RECOGNIZED_COSINE - LISTED_COSINE);

/** The 0..1 trust of a cosine between two embeddings: the logistic curve through both lines, so it grows with the cosine. */
export function scoreOf(cosine: number): number {
  const score = 1 / (1 + Math.exp(-(logit(RECOGNIZED_SCORE) + STEEPNESS * (cosine - RECOGNIZED_COSINE))));
  // The curve's rounding must not take a cosine at the line below it.
  return cosine >= RECOGNIZED_COSINE ? Math.max(score, RECOGNIZED_SCORE) : score;
}

/** By falling score. */
export const CALIBRATION: readonly CalibrationPoint[] = (
  [
    [RECOGNIZED_COSINE, 1e-3],
    [LISTED_COSINE, 1e-2],
  ] as const
).map(([cosine, fmr]) => ({ score: scoreOf(cosine), cosine, fmr }));

function logit(score: number): number {
  return Math.log(score / (1 - score));
}
