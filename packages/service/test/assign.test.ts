import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assign } from "../src/matching/assign.ts";

/** By trying every way. */
function bestSum(weights: number[][], row = 0, taken = new Set<number>()): number {
  if (row === weights.length) return 0;
  const without = bestSum(weights, row + 1, taken);
  return weights[row]!.reduce((best, weight, column) => {
    if (weight <= 0 || taken.has(column)) return best;
    return Math.max(best, weight + bestSum(weights, row + 1, new Set([...taken, column])));
  }, without);
}

describe("the best assignment", () => {
  it("gives two who are like one person to two people, where the second is like another too", () => {
    expect(
      assign([
        [0.96, 0],
        [0.97, 0.95],
      ]),
    ).toEqual([0, 1]);
  });

  it("leaves without whoever is like nobody, and nobody to two", () => {
    expect(assign([[0], [0.9], [0.95]])).toEqual([undefined, undefined, 0]);
    expect(assign([])).toEqual([]);
    expect(assign([[], []])).toEqual([undefined, undefined]);
  });

  it("has the largest sum that there is, whatever the weights", () => {
    const matrix = fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
      .chain(([rows, columns]) => {
        const weight = fc.oneof(
          fc.constant(0),
          fc.integer({ min: 1, max: 1000 }).map((n) => n / 1000),
        );
        const row = fc.array(weight, { minLength: columns, maxLength: columns });
        return fc.array(row, { minLength: rows, maxLength: rows });
      });
    fc.assert(
      fc.property(matrix, (weights) => {
        const given = assign(weights);
        const columns = given.filter((column) => column !== undefined);
        expect(new Set(columns).size).toBe(columns.length);
        const sum = given.reduce(
          (total: number, column, row) => total + (column === undefined ? 0 : weights[row]![column]!),
          0,
        );
        expect(sum).toBeCloseTo(bestSum(weights), 9);
      }),
      { numRuns: 500 },
    );
  });
});
