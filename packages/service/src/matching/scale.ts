import {
  type CalibrationPoint,
  type Decision,
  LISTED_SCORE,
  RECOGNIZED_SCORE,
} from "@prosopon/core/contract";
import type { Calibration } from "@prosopon/engine";
import { createRates } from "./rates.ts";

/** What cosines by one recogniser mean. */
export interface Scale extends Scores {
  /**
   * Expected false-match rate of one comparison at a cosine: how often a stranger comes so near. Beyond the measured points, where the
   * data cannot tell, that of the first or the last one: 1e-5 stands for less, 0.1 for more.
   */
  fmrOf(cosine: number): number;
  /** By falling score; both thresholds are among the points. */
  points: readonly CalibrationPoint[];
  /** What they mean where the nearest of so many faces is looked for. */
  among(faces: number): GalleryScale;
}

interface Scores {
  /**
   * The 0..1 trust of a cosine: the logistic curve through both thresholds, so it grows with the cosine. Of a face that is not clear it
   * stays at the listed threshold at most (`clear` is true when left out): such faces resemble each other, so nobody is matched by one.
   */
  scoreOf(cosine: number, clear?: boolean): number;
}

/** What cosines mean in a search. */
export interface GalleryScale extends Scores {
  /** Cosines at the scores 0.95 and 0.85. */
  thresholds: { recognized: number; listed: number };
  /** Expected false-positive identification rate at a cosine: how often somebody who is not enrolled comes so near to anybody who is. */
  fpirOf(cosine: number): number;
  /** By falling score; both thresholds are among them. */
  points(): readonly (CalibrationPoint & { fpir: number })[];
}

/** False-positive identification rates at which the scores 0.95 and 0.85 stand. */
export const TARGET_FPIR = { recognized: 1e-2, listed: 1e-1 };

/** At which a gallery's curve is told, beside its thresholds. */
const TOLD_FPIR = [1e-5, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 0.5, 0.9];

export function createScale(calibration: Calibration): Scale {
  const { recognized, listed, falseMatchRates } = calibration;
  const rates = createRates(calibration);
  const scoreOf = curve(recognized, listed);
  const [least, most] = [falseMatchRates[0]![1], falseMatchRates.at(-1)![1]];

  return {
    scoreOf,
    fmrOf: (cosine) => Math.min(most, Math.max(least, rates.rateAt(cosine))),
    points: falseMatchRates.map(([cosine, fmr]) => ({ score: scoreOf(cosine), cosine, fmr })),
    among(faces) {
      // Independent comparisons: FPIR = 1 - (1 - FMR)^N (ISO/IEC 19795-1). log1p and expm1, as these rates are small.
      const fpirOf = (cosine: number): number =>
        -Math.expm1(faces * Math.log1p(-Math.min(rates.rateAt(cosine), 1 - Number.EPSILON)));
      const cosineAt = (fpir: number): number =>
        rates.cosineAt(-Math.expm1(Math.log1p(-fpir) / Math.max(1, faces)));
      // No gallery, however small, is judged more loosely than one comparison.
      const thresholds = {
        recognized: Math.max(recognized, cosineAt(TARGET_FPIR.recognized)),
        listed: Math.max(listed, cosineAt(TARGET_FPIR.listed)),
      };
      const scoreAmong = curve(thresholds.recognized, thresholds.listed);
      return {
        scoreOf: scoreAmong,
        thresholds,
        fpirOf,
        points() {
          const cosines = new Set([...Object.values(thresholds), ...TOLD_FPIR.map(cosineAt)]);
          return [...cosines]
            .toSorted((a, b) => b - a)
            .map((cosine) => ({
              score: scoreAmong(cosine),
              cosine,
              fmr: rates.rateAt(cosine),
              fpir: fpirOf(cosine),
            }));
        },
      };
    },
  };
}

function curve(recognized: number, listed: number): Scores["scoreOf"] {
  const steepness = (logit(RECOGNIZED_SCORE) - logit(LISTED_SCORE)) / (recognized - listed);
  return (cosine, clear = true) => {
    const score = 1 / (1 + Math.exp(-(logit(RECOGNIZED_SCORE) + steepness * (cosine - recognized))));
    // The curve's rounding must not take a cosine at the threshold below it.
    const trusted = cosine >= recognized ? Math.max(score, RECOGNIZED_SCORE) : score;
    return clear ? trusted : Math.min(trusted, LISTED_SCORE);
  };
}

export function decisionOf(score: number): Decision {
  if (score >= RECOGNIZED_SCORE) return "match";
  return score > LISTED_SCORE ? "possible" : "unknown";
}

function logit(score: number): number {
  return Math.log(score / (1 - score));
}
