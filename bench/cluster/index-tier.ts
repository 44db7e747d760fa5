import { setTimeout as sleep } from "node:timers/promises";
import type { Storage } from "@prosopon/service";
import { openPostgresStorage, postgresSearchReport } from "@prosopon/service/postgres";
import type pg from "pg";

type SearchReport = Awaited<ReturnType<typeof postgresSearchReport>>;
export type IndexReport = NonNullable<SearchReport["accounts"][number]["index"]>;

const LOOK_MS = 250;

export interface IndexTier {
  storage: Storage;
  report: IndexReport;
  buildSeconds: number;
  measureSeconds: number;
}

/** A node that holds nothing in memory makes and measures the account's index by its own rule, from so many faces on. */
export async function openIndexTier(url: string, accountId: string, faces: number): Promise<IndexTier> {
  const storage = await openPostgresStorage({ url, galleryFaces: 0, indexes: { faces, checkMs: LOOK_MS } });
  const start = performance.now();
  let built = Number.NaN;
  for (;;) {
    await sleep(LOOK_MS);
    const { accounts } = await postgresSearchReport(url, { galleryFaces: 0 });
    const report = accounts.find((account) => account.accountId === accountId)?.index;
    const seconds = (performance.now() - start) / 1000;
    if (!report || report.state === "building") continue;
    if (Number.isNaN(built)) built = seconds;
    if (report.state !== "measuring")
      return { storage, report, buildSeconds: built, measureSeconds: seconds - built };
  }
}

/** For SQL by hand: the product's own where it was kept, else one of the same kind. Returns its bytes. */
export async function indexByHand(client: pg.Client, account: number): Promise<number> {
  const own = `vectors_hnsw_${account}`;
  const { rows } = await client.query<{ kept: boolean }>("SELECT to_regclass($1) IS NOT NULL AS kept", [own]);
  const name = rows[0]?.kept ? own : "bench_hnsw";
  if (!rows[0]?.kept)
    await client.query(
      `SET maintenance_work_mem = '1GB'; CREATE INDEX bench_hnsw ON vectors USING hnsw ((embedding::halfvec(128)) halfvec_ip_ops) WHERE account = ${account}`,
    );
  const sized = await client.query<{ bytes: string }>("SELECT pg_relation_size($1::regclass) AS bytes", [
    name,
  ]);
  return Number(sized.rows[0]!.bytes);
}
