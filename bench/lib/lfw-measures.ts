import type { Lfw } from "./lfw.ts";

/** An embedding, L2-normalised, or undefined where no face was found: such a pair is an error whatever it shows. */
export type Embeddings = (Float32Array | undefined)[];

export interface Comparison {
  /** How alike, -1..1; undefined when a face of the pair was not found. */
  cosine: number | undefined;
  same: boolean;
  fold: number;
}

export function compare({ pairs }: Lfw, embeddings: Embeddings, likeness = cosine): Comparison[] {
  return pairs.map(({ a, b, same, fold }) => {
    const [one, other] = [embeddings[a], embeddings[b]];
    return { cosine: one && other && likeness(one, other), same, fold };
  });
}

/** Share of right answers, each fold judged at the threshold that is best on all the others. */
export function foldAccuracy(comparisons: Comparison[]): { mean: number; standardError: number } {
  const folds = [...new Set(comparisons.map(({ fold }) => fold))];
  const accuracies = folds.map((fold) => {
    const others = comparisons.filter((comparison) => comparison.fold !== fold);
    const own = comparisons.filter((comparison) => comparison.fold === fold);
    return own.filter((comparison) => isRight(comparison, bestThreshold(others))).length / own.length;
  });
  const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / folds.length;
  const variance = accuracies.reduce((sum, accuracy) => sum + (accuracy - mean) ** 2, 0) / (folds.length - 1);
  return { mean, standardError: Math.sqrt(variance / folds.length) };
}

function isRight({ cosine, same }: Comparison, threshold: number): boolean {
  return cosine !== undefined && cosine >= threshold === same;
}

/** Walks the cosines downwards, counting what each step gains and loses. */
function bestThreshold(comparisons: Comparison[]): number {
  let right = 0;
  let best = { threshold: 1, right: 0 };
  const byCosine = comparisons.toSorted((a, b) => (b.cosine ?? -1) - (a.cosine ?? -1));
  for (const { cosine, same } of byCosine) {
    right += same ? 1 : -1;
    if (cosine !== undefined && right > best.right) best = { threshold: cosine, right };
  }
  return best.threshold;
}

/** Share of the pairs of one person at or above the threshold; a face not found is a miss. */
export function trueMatchRate(comparisons: Comparison[], threshold: number): number {
  return share(
    comparisons.filter(({ same }) => same),
    threshold,
  );
}

export function falseMatchRate(comparisons: Comparison[], threshold: number): number {
  return share(
    comparisons.filter(({ same }) => !same),
    threshold,
  );
}

function share(comparisons: Comparison[], threshold: number): number {
  return comparisons.filter(({ cosine }) => (cosine ?? -1) >= threshold).length / comparisons.length;
}

/** How often strangers reach a cosine, from every pair of photos of different people. */
export interface Impostors {
  comparisons: number;
  rateAt(cosine: number): number;
  /** The lowest cosine that strangers reach no more often than this. */
  cosineAt(rate: number): number;
}

/** Width 1e-4: finer than any threshold is given. */
const BINS = 20_000;

export function compareAllStrangers({ photos }: Lfw, embeddings: Embeddings): Impostors {
  const counts = new Float64Array(BINS + 1);
  let comparisons = 0;
  for (const [a, one] of embeddings.entries()) {
    if (one === undefined) continue;
    for (let b = a + 1; b < embeddings.length; b++) {
      const other = embeddings[b];
      if (other === undefined || photos[a]?.person === photos[b]?.person) continue;
      const bin = Math.floor(((cosine(one, other) + 1) / 2) * BINS);
      counts[bin] = (counts[bin] ?? 0) + 1;
      comparisons++;
    }
  }
  const above = new Float64Array(BINS + 2);
  for (let bin = BINS; bin >= 0; bin--) above[bin] = (above[bin + 1] ?? 0) + (counts[bin] ?? 0);
  return {
    comparisons,
    rateAt: (value) => (above[Math.floor(((value + 1) / 2) * BINS)] ?? 0) / comparisons,
    cosineAt: (rate) => {
      const bin = above.findIndex((count) => count / comparisons <= rate);
      return (bin / BINS) * 2 - 1;
    },
  };
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}
