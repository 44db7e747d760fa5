import { setImmediate as nextTurn } from "node:timers/promises";
import { DIMENSION } from "../../../../gallery/quantise.ts";

/**
 * Cosines of two photos of one person at the quantiles 0.5, 1, 2, 5, 10, 25, 50, 75, 90 and 95 %: 1,464 pairs of 746 people
 * (at most three each) of LFW's folds 1 to 5, embedded by the engine. Its mean is 0.68.
 */
const GENUINE: readonly [share: number, cosine: number][] = [
  [0, 0.2],
  [0.005, 0.284],
  [0.01, 0.363],
  [0.02, 0.429],
  [0.05, 0.494],
  [0.1, 0.545],
  [0.25, 0.618],
  [0.5, 0.694],
  [0.75, 0.759],
  [0.9, 0.809],
  [0.95, 0.842],
  [1, 0.9],
];
/** Enrolled faces mixed into a stranger; more than dimensions, so that strangers vary as the enrolled do. */
const MIXED = 256;

export interface Probe {
  vector: Float32Array;
  /** Enrolled by construction, or a stranger. */
  known: boolean;
}

/**
 * `known` new photos of enrolled people, at the cosines that photos of one person have, and `strangers`: both turned away
 * in directions in which the account's own faces vary (a normal distribution with their mean and covariance).
 */
export async function drawProbes(
  enrolled: readonly Float32Array[],
  { known, strangers }: { known: number; strangers: number },
): Promise<Probe[]> {
  const mean = Float64Array.from({ length: DIMENSION }, (_, i) => {
    return enrolled.reduce((sum, vector) => sum + vector[i]!, 0) / enrolled.length;
  });
  const variation = (): Float64Array => {
    const sum = new Float64Array(DIMENSION);
    for (let n = 0; n < MIXED; n++) {
      const weight = gauss() / Math.sqrt(MIXED);
      const one = pick(enrolled);
      for (let i = 0; i < DIMENSION; i++) sum[i]! += weight * (one[i]! - mean[i]!);
    }
    return sum;
  };
  const probes: Probe[] = [];
  for (let n = 0; n < known + strangers; n++) {
    if (n % 100 === 0) await nextTurn();
    const away = variation();
    if (n >= known) {
      probes.push({ vector: unit(away.map((value, i) => value + mean[i]!)), known: false });
      continue;
    }
    const face = pick(enrolled);
    const cosine = genuineCosine();
    const along = dot(away, face);
    const across = unit(away.map((value, i) => value - along * face[i]!));
    const sine = Math.sqrt(1 - cosine * cosine);
    probes.push({ vector: unit(across.map((value, i) => sine * value + cosine * face[i]!)), known: true });
  }
  return probes;
}

function genuineCosine(): number {
  const share = Math.random();
  const at = GENUINE.findIndex(([upper]) => upper > share);
  const [[from, low], [to, high]] = [GENUINE[at - 1]!, GENUINE[at]!];
  return low + ((share - from) / (to - from)) * (high - low);
}

function pick<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)]!;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < DIMENSION; i++) sum += a[i]! * b[i]!;
  return sum;
}

function unit(values: Float64Array | Float32Array): Float32Array {
  const length = Math.sqrt(dot(values, values));
  return Float32Array.from(values, (value) => value / length);
}

function gauss(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
