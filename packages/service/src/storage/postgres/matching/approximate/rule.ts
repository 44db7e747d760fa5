/** When a large account gets an index of its own, and when that index may answer. decisions/025 */
export interface IndexRule {
  /** From so many faces on, where they don't fit in the node's memory: the exact scan takes some 70 to 100 ms then. */
  faces: number;
  /** An index goes when the account has shrunk to this share of `faces`. */
  keep: number;
  /** Measured again when the account has grown or shrunk by this share. */
  drift: number;
  /** Of the exact scan's time, what a search for an enrolled person may take on average; else it is not worth it. */
  gain: number;
  /** New photos of enrolled people to choose the setting by; a third as many strangers. */
  tuning: number;
  /** Others, to measure the choice with: with 3,000 and no miss, recall is above 0.999 with 95 % confidence. */
  probes: number;
  /** Identity-level recall@1 that they must show, with 95 % confidence. */
  recall: number;
  /** Milliseconds between looks for work. */
  checkMs: number;
}

export const INDEX_RULE: IndexRule = {
  faces: 200_000,
  keep: 0.5,
  drift: 0.25,
  gain: 0.5,
  tuning: 1_000,
  probes: 3_000,
  recall: 0.999,
  checkMs: 60_000,
};

/** pgvector allows 1 to 1,000. */
export const EF_SEARCH = [40, 100, 200, 400, 1_000] as const;
export const CONFIDENCE = 0.95;
/** One that could not be made (no room on the disk, say) is tried again after an hour. */
const RETRY_MS = 3_600_000;

export type IndexState = "building" | "measuring" | "serving" | "unfit" | "failed";

/** What the database says of an account, by whoever holds the lock: nobody else is building. */
export interface Situation {
  account: number;
  faces: number;
  state: IndexState | null;
  /** Faces when it was measured, and how long ago. */
  measuredFaces: number | null;
  ageMs: number | null;
  /** Null where there is no index; false for what a build left that was cut short. */
  valid: boolean | null;
}

export type Step = "build" | "measure" | "drop" | "forget";

/** What is to be done next about an account. @param capacity faces that this node holds in memory */
export function nextStep(
  { faces, state, measuredFaces, ageMs, valid }: Situation,
  rule: IndexRule,
  capacity: number,
): Step | undefined {
  const wanted = faces >= rule.faces && faces > capacity;
  if (state === null) return wanted ? "build" : undefined;
  if (faces < rule.faces * rule.keep) return "forget";
  const drifted = Math.abs(faces - (measuredFaces ?? 0)) > rule.drift * (measuredFaces ?? 0);
  switch (state) {
    case "building":
      return wanted ? "build" : "forget";
    case "measuring":
      return valid ? "measure" : "build";
    case "serving":
      if (!valid) return "build";
      return drifted ? "measure" : undefined;
    case "unfit":
    case "failed":
      if (valid !== null) return "drop";
      // Building is dear: what did not do is tried again on a quite different account.
      if (state === "unfit") return wanted && faces > 2 * (measuredFaces ?? 0) ? "build" : undefined;
      return wanted && (ageMs ?? 0) > RETRY_MS ? "build" : undefined;
  }
}

/** What one search by the index gave. */
export interface Trial {
  /** Of the best identity that it found; -1 where it found none. */
  cosine: number;
  right: boolean;
  ms: number;
}

/**
 * Above the best wrong answer's cosine by this: the next wrong one is then some ten times less likely, for a stranger's
 * nearest cosine among n faces spreads by 0.02 to 0.03 (Gumbel's scale, measured on LFW's strangers).
 */
const MARGIN = 0.05;

/** The cosine from which on no wrong answer is to be expected. */
export function sureFrom(trials: readonly Trial[]): number {
  return Math.max(-1, ...trials.filter(({ right }) => !right).map(({ cosine }) => cosine)) + MARGIN;
}

/** Milliseconds of a search: by the index, and by the exact scan as well where its answer is not sure. */
export function expectedMs(trials: readonly Trial[], sure: number, exactMs: number): number {
  const sum = trials.reduce((total, { cosine, ms }) => total + ms + (cosine < sure ? exactMs : 0), 0);
  return sum / trials.length;
}

/** Clopper and Pearson's lower bound of the share of hits, one-sided. */
export function lowerBound(misses: number, probes: number, confidence = CONFIDENCE): number {
  if (misses >= probes) return 0;
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const share = (low + high) / 2;
    if (atMost(misses, probes, 1 - share) > 1 - confidence) high = share;
    else low = share;
  }
  return low;
}

/** The chance of at most `misses` among `probes`, each with chance `miss`. */
function atMost(misses: number, probes: number, miss: number): number {
  if (miss >= 1) return 0;
  if (miss <= 0) return 1;
  let term = probes * Math.log1p(-miss);
  let sum = Math.exp(term);
  for (let i = 1; i <= misses; i++) {
    term += Math.log((probes - i + 1) / i) + Math.log(miss) - Math.log1p(-miss);
    sum += Math.exp(term);
  }
  return sum;
}
