import type { Neighbour } from "../../types.ts";
import type { Context } from "../context.ts";
import { toVector } from "../vector.ts";
import { named } from "./named.ts";
import { type Candidate, rank } from "./rank.ts";

/** The faces of a collection by one recogniser, by internal numbers. */
export interface Gallery {
  row: number;
  recogniser: number;
}

/**
 * How far pgvector's single-precision sum of products of two unit vectors may be off: dimension * 2^-24, by Higham's bound
 * and Cauchy-Schwarz, with the vectors' own length tolerance.
 */
const errorOf = ({ length }: Float32Array): number => 1.4 * length * 2 ** -24;
/** Faces fetched at first for each identity asked for: people are enrolled with one to five photos. */
const FACES = 5;

/**
 * Exact: the nearest faces by pgvector, then in double precision. What was not fetched is no nearer than the last that
 * was; when that could still matter, because few people own many of the nearest faces, more is fetched.
 */
export function createScan(
  context: Context,
): (gallery: Gallery, probe: Float32Array, k: number) => Promise<Neighbour[]> {
  const nearestFaces = ({ row, recogniser }: Gallery, probe: Float32Array, limit: number) =>
    // vectors_gallery, or the whole partition where most of it is this gallery's. Only the faces kept are sent.
    context.read<Candidate>(
      `SELECT slot, identity, distance, vector_send(embedding) AS sent FROM (
         SELECT slot, identity, embedding, embedding <#> $2::vector AS distance FROM vectors
         WHERE gallery = $1 AND recogniser = $4 ORDER BY embedding <#> $2::vector LIMIT $3) n`,
      [row, toVector(probe), limit, recogniser],
    );

  return async (gallery, probe, k) => {
    const error = errorOf(probe);
    for (let limit = k * FACES; ; limit *= 4) {
      const faces = await nearestFaces(gallery, probe, limit);
      const best = rank(faces, probe, k);
      const complete =
        faces.length < limit || (best.length === k && best.at(-1)!.value > error - faces.at(-1)!.distance);
      if (complete) return named(context, best);
    }
  };
}
