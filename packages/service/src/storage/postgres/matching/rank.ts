import { Leaders } from "../../../gallery/leaders.ts";
import { exactProduct } from "../../../gallery/quantise.ts";
import { fromSent } from "../vector.ts";

export interface Candidate {
  identity: number;
  slot: number;
  /** pgvector's own negative inner product, in single precision. */
  distance: number;
  sent: Uint8Array;
}

export interface Ranked {
  identity: number;
  slot: number;
  value: number;
}

/** Scores again in double precision. The `k` best identities, each by its best face; of equals the older. */
export function rank(candidates: readonly Candidate[], probe: Float32Array, k: number): Ranked[] {
  const best = new Leaders(k);
  for (const { identity, slot, sent } of candidates)
    best.offer(identity, slot, exactProduct(fromSent(sent), probe));
  return best.entries;
}

/** Vectors normalised in float32 can multiply to 1.0000001. */
export function clamp(product: number): number {
  return Math.max(-1, Math.min(1, product));
}
