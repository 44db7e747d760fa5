export interface Point {
  score: number;
  /** How often a stranger reaches it, 0 to 1. */
  rate: number;
}

/** Below this a rate of nothing is drawn as if it were this: a measured set never proves zero. */
const SMALLEST_RATE = 1e-9;

/**
 * How often a stranger reaches `score`, from the server's measured points.
 * Rates span many powers of ten, so the interpolation is on their logarithm. Undefined without points.
 */
export function rateAt(calibration: readonly Point[], score: number): number | undefined {
  const points = calibration.toSorted((a, b) => a.score - b.score);
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return undefined;
  if (score <= first.score) return first.rate;
  if (score >= last.score) return last.rate;
  const above = points.findIndex((point) => point.score >= score);
  const high = points[above] ?? last;
  const low = points[above - 1] ?? first;
  const share = high.score === low.score ? 0 : (score - low.score) / (high.score - low.score);
  const log = (rate: number) => Math.log(Math.max(rate, SMALLEST_RATE));
  return Math.exp(log(low.rate) + share * (log(high.rate) - log(low.rate)));
}

/** "1 in 12,000", to two digits: it is a measurement, not a promise. */
export function oneIn(rate: number): string {
  if (rate >= 0.5) return "every other";
  const many = 1 / Math.max(rate, SMALLEST_RATE);
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(many)) - 1);
  return `1 in ${(Math.round(many / digits) * digits).toLocaleString("en")}`;
}
