import type { Costs } from "./costs.ts";

/** A cluster to simulate: accounts, machines, and what is done to move the first limit. */
export interface Setup {
  seed: number;
  accounts: number;
  faces: number;
  /** Faces and load of an account fall as its rank to the power of -skew; 0 makes all alike. */
  skew: number;
  /** Of the jobs; the rest are searches. One photo each. */
  enrolments: number;
  /** One process and one core each. */
  apiNodes: number;
  /** Machines of one process each. */
  workers: number;
  workerCores: number;
  /** `--threads`. */
  threads: number;
  /** `--gallery-faces`. */
  galleryFaces: number;
  databases: number;
  databaseCores: number;
  /** A replica of each database that galleries are loaded from. */
  loadFromReplica: boolean;
  /** An account's searches go to one worker. */
  assigned: boolean;
  /** Accounts of more faces are split over all workers of their database; Infinity for none. */
  splitAbove: number;
  costs: Costs;
}

/** Of one run. */
export interface Span {
  /** Jobs that count, and the least time in which they come. */
  jobs: number;
  seconds: number;
}

/** After the last arrival: who has no answer by then is late by so much at least. */
export const PATIENCE_MS = 5_000;

/** Each item to the bin that has least so far, the largest first. Returns the bins of the items. */
export function balance(weights: Float64Array, bins: number): Uint16Array {
  const load = new Float64Array(bins);
  const bin = new Uint16Array(weights.length);
  // Weights come sorted, the largest first.
  for (const [item, weight] of weights.entries()) {
    let least = 0;
    for (let other = 1; other < bins; other++) if (load[other]! < load[least]!) least = other;
    bin[item] = least;
    load[least]! += weight;
  }
  return bin;
}
