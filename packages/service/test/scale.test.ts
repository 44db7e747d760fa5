import { describe, expect, it } from "vitest";
import { LISTED_SCORE, RECOGNIZED_SCORE } from "@prosopon/core/contract";
import { recogniser } from "../../models/src/index.ts";
import { createScale, decisionOf } from "../src/matching/scale.ts";

const { scoreOf, fmrOf, points, among } = createScale(recogniser.calibration);

const near = (score: number) => points.find((point) => Math.abs(point.score - score) < 1e-9);

describe("scoreOf", () => {
  it("grows with the cosine and stays within 0 and 1", () => {
    let last = -1;
    for (let cosine = -1; cosine <= 1; cosine += 0.001) {
      const score = scoreOf(cosine);
      expect(score).toBeGreaterThanOrEqual(last);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      last = score;
    }
  });

  it("recognises a cosine exactly at the threshold and none just below it", () => {
    const threshold = near(RECOGNIZED_SCORE)!.cosine;
    expect(scoreOf(threshold)).toBeGreaterThanOrEqual(RECOGNIZED_SCORE);
    expect(scoreOf(threshold - 1e-6)).toBeLessThan(RECOGNIZED_SCORE);
    expect(scoreOf(threshold - 0.05)).toBeLessThan(RECOGNIZED_SCORE);
  });

  it("does not list what is just below the second threshold", () => {
    const threshold = near(LISTED_SCORE)!.cosine;
    expect(scoreOf(threshold + 1e-6)).toBeGreaterThan(LISTED_SCORE);
    expect(scoreOf(threshold - 1e-6)).toBeLessThan(LISTED_SCORE);
  });

  it("tells apart what people and strangers usually reach", () => {
    expect(scoreOf(0.69)).toBeGreaterThan(0.999);
    expect(scoreOf(0.1)).toBeLessThan(0.1);
  });
});

describe("the points of a scale", () => {
  it("falls in score and cosine while the false-match rate rises", () => {
    for (const [index, point] of points.slice(1).entries()) {
      const before = points[index]!;
      expect(point.score).toBeLessThan(before.score);
      expect(point.cosine).toBeLessThan(before.cosine);
      expect(point.fmr).toBeGreaterThan(before.fmr);
    }
  });

  it("keeps the promised false-match rates at both thresholds, with room to spare", () => {
    expect(near(RECOGNIZED_SCORE)!.fmr).toBeLessThan(1e-3);
    expect(near(LISTED_SCORE)!.fmr).toBeLessThan(1e-2);
  });

  it("gives a slider points from one in ten to one in a hundred thousand", () => {
    expect(points[0]!.fmr).toBe(1e-5);
    expect(points.at(-1)!.fmr).toBe(0.1);
  });
});

describe("fmrOf", () => {
  it("is what was measured at each measured cosine, and falls between and beyond them", () => {
    for (const { cosine, fmr } of points) expect(fmrOf(cosine)).toBeCloseTo(fmr, 9);
    let last = 1;
    for (let cosine = -1; cosine <= 1; cosine += 0.001) {
      expect(fmrOf(cosine)).toBeLessThanOrEqual(last);
      last = fmrOf(cosine);
    }
  });

  it("claims nothing that the data cannot tell", () => {
    expect(fmrOf(1)).toBe(1e-5);
    expect(fmrOf(-1)).toBe(0.1);
  });
});

describe("among many faces", () => {
  const SIZES = [0, 1, 2, 10, 50, 600, 10_000, 1_000_000, 100_000_000];

  it("stands 0.95 where a stranger is named in one of 100 searches, and 0.85 where one is listed in one of 10", () => {
    for (const faces of SIZES.filter((size) => size >= 50)) {
      const { thresholds, fpirOf, scoreOf: scoreAmong } = among(faces);
      expect(fpirOf(thresholds.recognized)).toBeCloseTo(1e-2, 9);
      expect(fpirOf(thresholds.listed)).toBeCloseTo(1e-1, 9);
      expect(scoreAmong(thresholds.recognized)).toBeGreaterThanOrEqual(RECOGNIZED_SCORE);
      expect(scoreAmong(thresholds.recognized - 1e-6)).toBeLessThan(RECOGNIZED_SCORE);
      expect(scoreAmong(thresholds.listed)).toBeCloseTo(LISTED_SCORE, 9);
    }
  });

  it("judges no gallery, however small, more loosely than one comparison, and no larger one more loosely than a smaller one", () => {
    let last = { recognized: near(RECOGNIZED_SCORE)!.cosine, listed: near(LISTED_SCORE)!.cosine };
    for (const faces of SIZES) {
      const { thresholds } = among(faces);
      expect(thresholds.recognized).toBeGreaterThanOrEqual(last.recognized);
      expect(thresholds.listed).toBeGreaterThanOrEqual(last.listed);
      expect(thresholds.listed).toBeLessThan(thresholds.recognized);
      last = thresholds;
    }
    expect(among(1).thresholds.recognized).toBe(near(RECOGNIZED_SCORE)!.cosine);
  });

  it("grows with the cosine in every gallery, while its rate falls", () => {
    for (const faces of SIZES) {
      const { scoreOf: scoreAmong, fpirOf } = among(faces);
      let [score, fpir] = [-1, 2];
      for (let cosine = -1; cosine <= 1; cosine += 0.001) {
        expect(scoreAmong(cosine)).toBeGreaterThanOrEqual(score);
        expect(fpirOf(cosine)).toBeLessThanOrEqual(fpir);
        [score, fpir] = [scoreAmong(cosine), fpirOf(cosine)];
        expect(fpir).toBeGreaterThanOrEqual(0);
        expect(fpir).toBeLessThanOrEqual(1);
      }
    }
  });

  it("tells its curve by falling score, both thresholds in it", () => {
    for (const faces of SIZES) {
      const { points: told, thresholds } = among(faces);
      const curve = told();
      for (const [index, point] of curve.slice(1).entries()) {
        expect(point.score).toBeLessThan(curve[index]!.score);
        expect(point.fmr).toBeGreaterThan(curve[index]!.fmr);
        expect(point.fpir).toBeGreaterThanOrEqual(curve[index]!.fpir);
      }
      expect(curve.map(({ cosine }) => cosine)).toEqual(
        expect.arrayContaining([thresholds.recognized, thresholds.listed]),
      );
    }
  });
});

describe("a face that is not clear", () => {
  it("is matched with nobody, however near: its score stays at the listed threshold, and still grows with the cosine", () => {
    const scores = [-0.2, 0.1, 0.3, 0.322, 0.381, 0.5, 0.9].map((cosine) => scoreOf(cosine, false));
    expect(scores).toEqual(scores.toSorted((a, b) => a - b));
    expect(scores.map(decisionOf)).toEqual(scores.map(() => "unknown"));
  });
});

describe("decisionOf", () => {
  it("recognises from the one threshold on, and calls possible what is above the other", () => {
    expect([0.95, 0.9499, 0.8501, 0.85, 0].map(decisionOf)).toEqual([
      "match",
      "possible",
      "possible",
      "unknown",
      "unknown",
    ]);
  });
});
