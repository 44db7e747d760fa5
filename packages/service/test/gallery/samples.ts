import { exactProduct } from "../../src/gallery/quantise.ts";

export interface Row {
  slot: number;
  identity: number;
  vector: Float32Array;
}

/** What the gallery promises to equal: every product in double precision, each identity by its best, the older one first on a tie. */
export function bruteForce(rows: Row[], probe: Float32Array, k: number) {
  const best = new Map<number, { identity: number; slot: number; product: number }>();
  for (const { slot, identity, vector } of rows.toSorted((a, b) => a.slot - b.slot)) {
    const product = exactProduct(vector, probe);
    if (product > (best.get(identity)?.product ?? -Infinity)) best.set(identity, { identity, slot, product });
  }
  return [...best.values()].toSorted((a, b) => b.product - a.product || a.identity - b.identity).slice(0, k);
}

export function normalised(values: ArrayLike<number>): Float32Array {
  const length = Math.hypot(...Array.from(values)) || 1;
  return Float32Array.from(values, (value) => value / length);
}

/** Repeatable values around zero (a linear congruential generator). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
