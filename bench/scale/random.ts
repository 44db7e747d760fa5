import { mulberry32 } from "../cluster/jobs.ts";

export interface Random {
  /** 0 to 1. */
  next(): number;
  /** Of a Poisson process: milliseconds to the next arrival. */
  gap(perSecond: number): number;
}

export function createRandom(seed: number): Random {
  const next = mulberry32(seed);
  return { next, gap: (perSecond) => (-Math.log(1 - next()) * 1_000) / perSecond };
}

/** Sizes that fall as rank^-skew and sum up to `total`; at least one each. */
export function zipf(count: number, skew: number, total: number): Float64Array {
  const weights = Float64Array.from({ length: count }, (_, rank) => (rank + 1) ** -skew);
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => Math.max(1, Math.round((weight / sum) * total)));
}

/** Picks an index as often as its weight says. */
export function picker(weights: Float64Array): (uniform: number) => number {
  let sum = 0;
  const upTo = weights.map((weight) => (sum += weight));
  return (uniform) => {
    const wanted = uniform * sum;
    let [low, high] = [0, upTo.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
