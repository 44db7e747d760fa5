import type { CalibrationPoint, Decision } from "@prosopon/core/contract";

/** From this score a comparison is a recognition, and above the other a search lists it (the documented API's lines). */
export const RECOGNIZED_SCORE = 0.95;
export const LISTED_SCORE = 0.85;

/**
 * Raw cosines at the two lines: a stranger reaches the first in 7, the second in 59 of 10,000 comparisons. Source:
 * `pnpm bench accuracy --lfw DIR` over folds 1 to 5 of LFW's view 2, 7.25 million pairs of different people. Placed below the
 * promised 1e-3 and 1e-2, for other people's photographs differ; models and alignment changed, they must be derived again.
 */
const RECOGNIZED_COSINE = 0.381;
const LISTED_COSINE = 0.322;

/** False-match rates measured in the same run, at further cosines; past 1e-5 the data has too few pairs to say. */
const MEASURED: [cosine: number, fmr: number][] = [
  [0.478, 1e-5],
  [0.453, 3e-5],
  [0.4265, 1e-4],
  [0.401, 3e-4],
  [RECOGNIZED_COSINE, 7e-4],
  [0.372, 1e-3],
  [0.342, 3e-3],
  [LISTED_COSINE, 5.9e-3],
  [0.305, 1e-2],
  [0.267, 3e-2],
  [0.215, 1e-1],
];

const STEEPNESS = (logit(RECOGNIZED_SCORE) - logit(LISTED_SCORE)) / (RECOGNIZED_COSINE - LISTED_COSINE);

/** The 0..1 trust of a cosine between two embeddings: the logistic curve through both lines, so it grows with the cosine. */
export function scoreOf(cosine: number): number {
  const score = 1 / (1 + Math.exp(-(logit(RECOGNIZED_SCORE) + STEEPNESS * (cosine - RECOGNIZED_COSINE))));
  // The curve's rounding must not take a cosine at the line below it.
  return cosine >= RECOGNIZED_COSINE ? Math.max(score, RECOGNIZED_SCORE) : score;
}

/** By falling score; both lines are among the points. */
export const CALIBRATION: readonly CalibrationPoint[] = MEASURED.map(([cosine, fmr]) => ({
  score: scoreOf(cosine),
  cosine,
  fmr,
}));

export function decisionOf(score: number): Decision {
  if (score >= RECOGNIZED_SCORE) return "match";
  return score > LISTED_SCORE ? "possible" : "unknown";
}

/**
 * Expected false-match rate of one comparison at a cosine: how often a stranger comes so near. On a logarithmic scale between the
 * measured points; beyond them, where the data cannot tell, that of the first or the last one: 1e-5 stands for less, 0.1 for more.
 */
export function fmrOf(cosine: number): number {
  const above = MEASURED.findIndex(([measured]) => measured <= cosine);
  if (above === -1) return MEASURED.at(-1)![1];
  if (above === 0) return MEASURED[0]![1];
  const [[high, rare], [low, often]] = [MEASURED[above - 1]!, MEASURED[above]!];
  return often * (rare / often) ** ((cosine - low) / (high - low));
}

function logit(score: number): number {
  return Math.log(score / (1 - score));
}
