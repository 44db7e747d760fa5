import { describe, expect, it } from "vitest";
import { LISTED_SCORE, RECOGNIZED_SCORE } from "@prosopon/core/contract";
import { recogniser } from "../../models/src/index.ts";
import { createScale, decisionOf } from "../src/matching/scale.ts";

const { scoreOf, fmrOf, points } = createScale(recogniser.calibration);

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
