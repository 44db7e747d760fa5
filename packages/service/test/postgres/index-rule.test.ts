import { describe, expect, it } from "vitest";
import {
  expectedMs,
  INDEX_RULE,
  lowerBound,
  nextStep,
  type Situation,
  sureFrom,
} from "../../src/storage/postgres/matching/approximate/rule.ts";

const { faces } = INDEX_RULE;
const situation = (change: Partial<Situation>): Situation => ({
  account: 1,
  faces: faces * 2,
  state: null,
  measuredFaces: null,
  ageMs: null,
  valid: null,
  ...change,
});
const step = (change: Partial<Situation>, capacity = 0) => nextStep(situation(change), INDEX_RULE, capacity);
const serving = { state: "serving", valid: true, measuredFaces: faces * 2 } as const;

describe("the rule for an account's own index", () => {
  it("builds one where the faces are many and don't fit in the node's memory", () => {
    expect(step({})).toBe("build");
    expect(step({ faces: faces - 1 })).toBeUndefined();
    expect(step({}, faces * 2)).toBeUndefined();
    expect(step({}, faces * 2 - 1)).toBe("build");
  });

  it("begins anew what a node left that died while it built, and measures what was not measured", () => {
    expect(step({ state: "building", valid: false })).toBe("build");
    expect(step({ state: "building", valid: null })).toBe("build");
    expect(step({ state: "measuring", valid: true })).toBe("measure");
    expect(step({ state: "measuring", valid: false })).toBe("build");
    expect(step({ ...serving, valid: null })).toBe("build");
  });

  it("measures again when the account has grown or shrunk by a quarter", () => {
    expect(step(serving)).toBeUndefined();
    expect(step({ ...serving, faces: faces * 2.4 })).toBeUndefined();
    expect(step({ ...serving, faces: faces * 2.6 })).toBe("measure");
    expect(step({ ...serving, faces: faces * 1.4 })).toBe("measure");
  });

  it("keeps an index that this node has no need of, for another may", () => {
    expect(step(serving, 1e9)).toBeUndefined();
  });

  it("drops the index when few faces are left", () => {
    expect(step({ ...serving, faces: faces * 0.4 })).toBe("forget");
    expect(step({ state: "unfit", measuredFaces: faces, faces: 0 })).toBe("forget");
  });

  it("drops what was measured unfit, and tries again only when the account has doubled", () => {
    const unfit = { state: "unfit", measuredFaces: faces } as const;
    expect(step({ ...unfit, valid: true })).toBe("drop");
    expect(step({ ...unfit, faces: faces * 1.9 })).toBeUndefined();
    expect(step({ ...unfit, faces: faces * 2.1 })).toBe("build");
  });

  it("tries again after an hour what could not be made", () => {
    const failed = { state: "failed", measuredFaces: faces * 2 } as const;
    expect(step({ ...failed, ageMs: 60_000 })).toBeUndefined();
    expect(step({ ...failed, ageMs: 3_700_000 })).toBe("build");
    expect(step({ ...failed, ageMs: 60_000, valid: false })).toBe("drop");
  });
});

describe("the index's answers", () => {
  const trial = (cosine: number, right: boolean, ms = 2) => ({ cosine, right, ms });

  it("are sure above the best that was wrong, with a margin", () => {
    expect(sureFrom([trial(0.9, true), trial(0.4, false), trial(0.45, false), trial(0.3, true)])).toBeCloseTo(
      0.5,
    );
    expect(sureFrom([trial(0.2, true)])).toBeLessThan(0);
  });

  it("cost an exact scan as well where they are not sure", () => {
    expect(expectedMs([trial(0.9, true), trial(0.4, true)], 0.5, 100)).toBe(52);
  });

  it("have a recall that so many probes can tell", () => {
    // Clopper and Pearson: 1 - 0.05 ** (1 / n) for no miss.
    expect(1 - lowerBound(0, 3_000)).toBeCloseTo(1 - 0.05 ** (1 / 3_000), 9);
    expect(lowerBound(0, 3_000)).toBeGreaterThan(0.999);
    expect(lowerBound(0, 2_900)).toBeLessThan(0.999);
    expect(lowerBound(1, 3_000)).toBeLessThan(0.999);
    expect(lowerBound(1, 4_800)).toBeGreaterThan(0.999);
    expect(lowerBound(5, 5)).toBe(0);
  });
});
