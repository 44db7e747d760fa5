import type { Neighbour } from "../../../types.ts";
import type { Context } from "../../context.ts";
import type { Transaction } from "../../database.ts";
import { toVector } from "../../vector.ts";
import { named } from "../named.ts";
import { type Candidate, rank, type Ranked } from "../rank.ts";

/** Faces fetched at first for each identity asked for. */
const FACES = 5;
/** Then the exact scan: hnsw.max_scan_tuples ends the iteration at 20,000 in any case. */
const MAX_FACES = 5_000;

/** Undefined where the account has no index that serves, or its answer is not sure. */
export type SearchIndex = (
  account: number,
  probe: Float32Array,
  k: number,
) => Promise<Neighbour[] | undefined>;

export function createIndexSearch(context: Context): SearchIndex {
  return async (account, probe, k) => {
    const [index] = await context.read<{ ef: number; sure: number }>(
      "SELECT ef_search AS ef, sure FROM search_indexes WHERE account = $1 AND state = 'serving'",
      [account],
    );
    if (!index) return undefined;
    const best = await context.transaction(async (tx) => {
      await tx.query(settings(index.ef));
      return nearestByIndex(tx, account, probe, k);
    });
    // A stranger always ends here: whether he is nobody's, only the exact scan can say.
    if (best.length < k || best[0]!.value < index.sure) return undefined;
    return named(context, best);
  };
}

/**
 * For one transaction only, so a pooler may lie between. Without sorting there is no other way to the order than the
 * index; should it have been dropped meanwhile, PostgreSQL sorts after all, and the answer is exact.
 */
export function settings(ef: number): string {
  return `SET LOCAL hnsw.ef_search = ${ef}; SET LOCAL hnsw.iterative_scan = relaxed_order; SET LOCAL enable_sort = off`;
}

/** The account stands in the text: the partial index must be chosen when the statement is planned. */
export function byIndex(account: number, limit: number): string {
  return `SELECT slot, identity, 0 AS distance, vector_send(embedding) AS sent FROM vectors
    WHERE account = ${account} ORDER BY embedding::halfvec(128) <#> $1::halfvec(128) LIMIT ${limit}`;
}

/** Scored again in double precision. Fewer than `k` where the index found no more, or too many faces are one person's. */
export async function nearestByIndex(
  { query }: Pick<Transaction, "query">,
  account: number,
  probe: Float32Array,
  k: number,
): Promise<Ranked[]> {
  const vector = toVector(probe);
  for (let limit = k * FACES; ; limit *= 4) {
    const faces = await query<Candidate>(byIndex(account, limit), [vector]);
    const best = rank(faces, probe, k);
    if (best.length === k || faces.length < limit || limit * 4 > MAX_FACES) return best;
  }
}
