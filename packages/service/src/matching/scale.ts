import {
  type CalibrationPoint,
  type Decision,
  LISTED_SCORE,
  RECOGNIZED_SCORE,
} from "@prosopon/core/contract";
import type { Calibration } from "@prosopon/engine";

/** What cosines by one recogniser mean. */
export interface Scale {
  /**
   * The 0..1 trust of a cosine: the logistic curve through both thresholds, so it grows with the cosine. Of a face that is not clear it
   * stays at the listed threshold at most (`clear` is true when left out): such faces resemble each other, so nobody is matched by one.
   */
  scoreOf(cosine: number, clear?: boolean): number;
  /**
   * Expected false-match rate of one comparison at a cosine: how often a stranger comes so near. On a logarithmic scale between the
   * measured points; beyond them, where the data cannot tell, that of the first or the last one: 1e-5 stands for less, 0.1 for more.
   */
  fmrOf(cosine: number): number;
  /** By falling score; both thresholds are among the points. */
  points: readonly CalibrationPoint[];
}

export function createScale({ recognized, listed, falseMatchRates }: Calibration): Scale {
  const steepness = (logit(RECOGNIZED_SCORE) - logit(LISTED_SCORE)) / (recognized - listed);

  function scoreOf(cosine: number, clear = true): number {
    const score = 1 / (1 + Math.exp(-(logit(RECOGNIZED_SCORE) + steepness * (cosine - recognized))));
    // The curve's rounding must not take a cosine at the threshold below it.
    const trusted = cosine >= recognized ? Math.max(score, RECOGNIZED_SCORE) : score;
    return clear ? trusted : Math.min(trusted, LISTED_SCORE);
  }

  return {
    scoreOf,
    fmrOf(cosine) {
      const above = falseMatchRates.findIndex(([measured]) => measured <= cosine);
      if (above === -1) return falseMatchRates.at(-1)![1];
      if (above === 0) return falseMatchRates[0]![1];
      const [[high, rare], [low, often]] = [falseMatchRates[above - 1]!, falseMatchRates[above]!];
      return often * (rare / often) ** ((cosine - low) / (high - low));
    },
    points: falseMatchRates.map(([cosine, fmr]) => ({ score: scoreOf(cosine), cosine, fmr })),
  };
}

export function decisionOf(score: number): Decision {
  if (score >= RECOGNIZED_SCORE) return "match";
  return score > LISTED_SCORE ? "possible" : "unknown";
}

function logit(score: number): number {
  return Math.log(score / (1 - score));
}
