/** Bounds are [worthless, good]; in between a part counts in proportion. */
export type Bounds = readonly [worthless: number, good: number];

/** 0..1 */
export function ramp(value: number, [worthless, good]: Bounds): number {
  return Math.min(1, Math.max(0, (value - worthless) / (good - worthless)));
}
