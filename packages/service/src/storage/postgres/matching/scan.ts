import type { Neighbour } from "../../types.ts";
import type { Context } from "../context.ts";
import { toVector } from "../vector.ts";
import { named } from "./named.ts";
import { type Candidate, rank } from "./rank.ts";

/**
 * How far pgvector's single-precision sum of 128 products of two unit vectors may be off: 128 * 2^-24, by Higham's bound
 * and Cauchy-Schwarz, with the vectors' own length tolerance.
 */
const ERROR = 1e-5;
/** Faces fetched at first for each identity asked for: people are enrolled with one to five photos. */
const FACES = 5;

/**
 * Exact: the nearest faces by pgvector, then in double precision. What was not fetched is no nearer than the last that
 * was; when that could still matter, because few people own many of the nearest faces, more is fetched.
 */
export function createScan(
  context: Context,
): (account: number, probe: Float32Array, k: number) => Promise<Neighbour[]> {
  const nearestFaces = (account: number, probe: Float32Array, limit: number) =>
    // vectors_account, or the whole table where most of it is this account's. Only the faces kept are sent.
    context.read<Candidate>(
      `SELECT slot, identity, distance, vector_send(embedding) AS sent FROM (
         SELECT slot, identity, embedding, embedding <#> $2::vector AS distance FROM vectors
         WHERE account = $1 ORDER BY embedding <#> $2::vector LIMIT $3) n`,
      [account, toVector(probe), limit],
    );

  return async (account, probe, k) => {
    for (let limit = k * FACES; ; limit *= 4) {
      const faces = await nearestFaces(account, probe, limit);
      const best = rank(faces, probe, k);
      const complete =
        faces.length < limit || (best.length === k && best.at(-1)!.value > ERROR - faces.at(-1)!.distance);
      if (complete) return named(context, best);
    }
  };
}
