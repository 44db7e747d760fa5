import type { Database } from "../../database.ts";
import type { IndexState, Situation } from "./rule.ts";

export const indexName = (account: number): string => `vectors_hnsw_${account}`;

/** m 16 and ef_construction 64 are pgvector's own; 24 and 100 took 2.5 times as long and found no more (decisions/025). */
export const createIndex = (account: number): string =>
  // halfvec: half the size, and the exact scan, which orders by the vector itself, can never be answered by it.
  `CREATE INDEX CONCURRENTLY ${indexName(account)} ON vectors USING hnsw ((embedding::halfvec(128)) halfvec_ip_ops) WHERE account = ${account}`;

export const dropIndex = (account: number): string =>
  `DROP INDEX CONCURRENTLY IF EXISTS ${indexName(account)}`;

/** ANALYZE samples what an index computes, embeddings here, into pg_statistic, where no erasure reaches (migration 005). */
export const keepNoSamples = (account: number): string =>
  `ALTER INDEX ${indexName(account)} ALTER COLUMN 1 SET STATISTICS 0`;

/** Whether ANALYZE was quicker than that. */
export async function isSampled(query: Database["read"], account: number): Promise<boolean> {
  const found = await query("SELECT 1 FROM pg_stats WHERE tablename = $1", [indexName(account)]);
  return found.length > 0;
}

/** Accounts that are large enough, and those that have an index or had one. */
export async function situations(
  query: Database["read"],
  { faces, account }: { faces: number; account?: number },
): Promise<Situation[]> {
  return query<Situation>(
    `SELECT h.account, h.faces, s.state, s.faces AS "measuredFaces", i.indisvalid AS valid,
       (extract(epoch FROM clock_timestamp()) * 1000 - s.changed_at)::float8 AS "ageMs"
     FROM gallery_heads h LEFT JOIN search_indexes s ON s.account = h.account
     LEFT JOIN pg_index i ON i.indexrelid = to_regclass('vectors_hnsw_' || h.account)
     WHERE (h.faces >= $1 OR s.account IS NOT NULL) AND h.account = coalesce($2, h.account) ORDER BY h.account`,
    [faces, account ?? null],
  );
}

export const NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/** Enters a state in which nothing is answered by the index. */
export async function enter(
  query: Database["read"],
  account: number,
  state: Exclude<IndexState, "serving">,
  note: string | null = null,
): Promise<void> {
  await query(
    `INSERT INTO search_indexes (account, state, faces, changed_at, note)
     SELECT account, $2, faces, ${NOW}, $3 FROM gallery_heads WHERE account = $1
     ON CONFLICT (account) DO UPDATE SET state = $2, faces = excluded.faces, changed_at = excluded.changed_at, note = $3`,
    [account, state, note],
  );
}

export async function forget(query: Database["read"], account: number): Promise<void> {
  await query("DELETE FROM search_indexes WHERE account = $1", [account]);
}
