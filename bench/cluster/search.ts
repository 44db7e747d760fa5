import type { Storage } from "@prosopon/service";
import type pg from "pg";
import type { Gallery } from "./gallery.ts";
import { percentile } from "./percentile.ts";

/** Too few to tell 0.999 from 0.98; exactness is the contract suite's to show. */
export const PROBES = 60;
const K = 10;

export interface SearchFigures {
  p50: number;
  p99: number;
  recall: number;
}

interface Ways {
  memory: SearchFigures;
  pgvector: SearchFigures;
  byHand: SearchFigures;
  firstMs: number;
}

/** The same probes through each way in turn; recall is whether the best identity is that of a double-precision scan. */
export async function compareSearches(
  client: pg.Client,
  gallery: Gallery,
  account: { id: string; row: number },
  storages: { memory: Storage; pgvector: Storage },
): Promise<Ways> {
  const probes = Array.from({ length: PROBES }, () => gallery.probe());
  const truth: (string | undefined)[] = [];
  for (const probe of probes) truth.push(await exact(client, account.row, probe));
  const start = performance.now();
  await storages.memory.identities.nearest(account.id, probes[0]!, K);
  const firstMs = performance.now() - start;
  const through = (storage: Storage) => async (probe: Float32Array) =>
    (await storage.identities.nearest(account.id, probe, K))[0]?.identityId;
  return {
    memory: await measure(probes, truth, through(storages.memory)),
    pgvector: await measure(probes, truth, through(storages.pgvector)),
    byHand: await measure(probes, truth, (probe) => byHand(client, account.row, probe)),
    firstMs,
  };
}

/** What one would write: the ten nearest faces, joined with their people. */
async function byHand(client: pg.Client, account: number, probe: Float32Array): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT i.id, f.id AS face, n.distance FROM (
       SELECT slot, identity, embedding <#> $2::vector AS distance FROM vectors WHERE account = $1 ORDER BY embedding <#> $2::vector LIMIT ${K}) n
     JOIN faces f ON f.slot = n.slot JOIN identities i ON i.row = n.identity ORDER BY n.distance`,
    [account, `[${probe.join(",")}]`],
  );
  return rows[0]?.id;
}

/** In double precision, by PostgreSQL's own arithmetic over the stored values. */
async function exact(client: pg.Client, account: number, probe: Float32Array): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT i.id FROM (
       SELECT identity, embedding, slot FROM vectors WHERE account = $1 ORDER BY embedding <#> $2::vector LIMIT 200) n
     JOIN identities i ON i.row = n.identity,
     LATERAL (SELECT sum(a * b) AS product FROM unnest(n.embedding::real[]::float8[], $3::float8[]) AS p (a, b)) s
     ORDER BY s.product DESC, n.identity LIMIT 1`,
    [account, `[${probe.join(",")}]`, [...probe]],
  );
  return rows[0]?.id;
}

async function measure(
  probes: Float32Array[],
  truth: (string | undefined)[],
  search: (probe: Float32Array) => Promise<string | undefined>,
): Promise<SearchFigures> {
  for (const probe of probes.slice(0, 5)) await search(probe);
  const times: number[] = [];
  let hits = 0;
  for (const [index, probe] of probes.entries()) {
    const start = performance.now();
    const found = await search(probe);
    times.push(performance.now() - start);
    if (found === truth[index]) hits++;
  }
  return { p50: percentile(times, 50), p99: percentile(times, 99), recall: hits / probes.length };
}
