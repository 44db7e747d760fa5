import { randomUUID } from "node:crypto";
import { openPostgresStorage } from "@prosopon/service/postgres";
import pg from "pg";
import { startPostgres } from "../tools/postgres.ts";
import type { Bench, Report } from "./bench.ts";
import { freshDatabase } from "./cluster/database.ts";
import { fillGallery, type Gallery, type Probe } from "./cluster/gallery.ts";
import { mulberry32 } from "./cluster/jobs.ts";
import { bruteForce } from "./cluster/truth.ts";
import { recallOf, time, type Way } from "./cluster/ways.ts";

/** Beside the large account. */
const SMALL = { accounts: 10, share: 0.01 };
const PROBES = 400;
const TIMED = 80;
const EF_SEARCH = [100, 400];
/** Fetched by an index, then scored by the full vectors. */
const FETCHED = 50;

interface Account {
  gallery: Gallery;
  probes: Probe[];
  truth: string[];
}

/** What decisions/025 weighs, tried on copies of the product's tables. */
export const bench: Bench = {
  summary:
    "pgvector: vector or halfvec, exact or HNSW; one index for all accounts, one for each, or partitions",
  options: [
    ["--faces <n>", "nine in ten of one account (default 100000)"],
    ["--workers <n>", "that build an index beside the first (default 0)"],
    ["--only <part>", "types or filters"],
  ],
  async run(options) {
    const faces = Number(options.faces ?? 100_000);
    const server = await startPostgres();
    const report: Report = { tables: [], figures: {}, goals: [] };
    const url = await freshDatabase(server.url, "index");
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      const { large, small } = await fill(url, client, faces);
      await client.query(
        `SET maintenance_work_mem = '1GB'; SET max_parallel_workers_per_gather = 0;
         SET max_parallel_maintenance_workers = ${Number(options.workers ?? 0)}`,
      );
      if (options.only !== "filters") await types(client, large, report);
      if (options.only !== "types") await filters(client, large, small, report);
    } finally {
      await client.end();
      await server.stop();
    }
    return report;
  },
};

async function fill(url: string, client: pg.Client, faces: number) {
  const storage = await openPostgresStorage({ url, indexes: { faces: Number.MAX_SAFE_INTEGER } });
  const random = mulberry32(7);
  async function account(of: number, probes: number): Promise<Account> {
    const id = randomUUID();
    const settings = { keepCrops: false, refuseMixedIdentities: false };
    const [name, secretHash] = ["bench", "-"];
    await storage.accounts.create({
      id,
      clientId: id,
      name,
      secretHash,
      settings,
      disabled: false,
      createdAt: 0,
    });
    const filled = await fillGallery(client, id, { faces: of, probes, random });
    const vectors = filled.probes.map(({ vector }) => vector);
    return { ...filled, truth: bruteForce(filled.gallery, vectors).map(filled.gallery.identityId) };
  }
  const large = await account(faces * (1 - SMALL.accounts * SMALL.share), PROBES);
  const small: Account[] = [];
  for (let n = 0; n < SMALL.accounts; n++)
    small.push(await account(faces * SMALL.share, PROBES / SMALL.accounts));
  await storage.close();
  for (const type of ["vector", "halfvec"])
    await client.query(
      `CREATE TABLE of_${type} AS SELECT v.account, i.id, v.embedding::${type}(128) AS embedding
       FROM vectors v JOIN identities i ON i.row = v.identity ORDER BY v.slot`,
    );
  await client.query("CREATE INDEX ON of_vector (account); CREATE INDEX ON of_halfvec (account)");
  await client.query("VACUUM ANALYZE of_vector");
  await client.query("VACUUM ANALYZE of_halfvec");
  return { large, small };
}

/** The account's nearest, as the type has it. */
async function types(client: pg.Client, large: Account, report: Report): Promise<void> {
  const { account } = large.gallery;
  const way =
    (type: string, setting = ""): Way =>
    async (probe) => {
      if (setting) await client.query(setting);
      const sql = `SELECT id FROM of_${type} WHERE account = ${account} ORDER BY embedding <#> $1::${type} LIMIT 10`;
      return (await client.query<{ id: string }>(sql, [text(probe)])).rows[0]?.id;
    };
  const bytes: Record<string, number> = {};
  const exact = { vector: way("vector"), halfvec: way("halfvec") };
  const rows = await measured(large, exact);
  for (const type of ["vector", "halfvec"]) {
    const table = await size(client, `of_${type}`);
    const [start, name] = [performance.now(), `hnsw_${type}`];
    await client.query(
      `CREATE INDEX ${name} ON of_${type} USING hnsw (embedding ${type}_ip_ops) WHERE account = ${account}`,
    );
    const seconds = (performance.now() - start) / 1000;
    bytes[type] = await size(client, name);
    rows.push({
      way: `${type}: table ${mb(table)} MB, index ${mb(bytes[type])} MB, made in ${round(seconds)} s`,
    });
    Object.assign(report.figures, {
      [`index.${type}_table_bytes`]: table,
      [`index.${type}_bytes`]: bytes[type],
      [`index.${type}_build_s`]: round(seconds),
    });
  }
  for (const ef of EF_SEARCH) {
    const set = `SET hnsw.ef_search = ${ef}`;
    const ways = {
      [`vector, HNSW, ${ef}`]: way("vector", set),
      [`halfvec, HNSW, ${ef}`]: way("halfvec", set),
    };
    rows.push(...(await measured(large, ways)));
  }
  Object.assign(report.figures, figuresOf(rows));
  report.tables.push({ title: "vector or halfvec, an account of nine faces in ten", rows });
  await client.query("DROP INDEX hnsw_vector, hnsw_halfvec");
}

async function filters(client: pg.Client, large: Account, small: Account[], report: Report): Promise<void> {
  const rows: Row[] = [];
  const half = "((embedding::halfvec(128)) halfvec_ip_ops)";
  const accounts = [large, ...small].map(({ gallery }) => gallery.account);
  const make = async (way: string, ...statements: string[]): Promise<void> => {
    const start = performance.now();
    for (const sql of statements) await client.query(sql);
    const seconds = (performance.now() - start) / 1000;
    const { rows: found } = await client.query<{ bytes: string }>(
      "SELECT sum(pg_relation_size(oid)) AS bytes FROM pg_class WHERE relname LIKE 'hnsw%' AND relkind = 'i'",
    );
    rows.push({ way: `${way}: ${mb(Number(found[0]!.bytes))} MB, made in ${round(seconds)} s` });
    report.figures[`index.${way.replaceAll(" ", "_")}_build_s`] = round(seconds);
  };
  const search =
    (table: string, { gallery }: Account, ef: number, scan: string): Way =>
    async (probe) => {
      await client.query(
        `SET hnsw.ef_search = ${ef}; SET hnsw.iterative_scan = ${scan}; SET enable_sort = off; SET enable_bitmapscan = off; SET jit = off`,
      );
      // A sort of what was fetched cannot be had otherwise; its cost is then the same for all plans, and so high that
      // PostgreSQL would compile the query first: some 60 ms.
      const sql = `WITH n AS MATERIALIZED (SELECT id, embedding FROM ${table} WHERE account = ${gallery.account}
        ORDER BY embedding::halfvec(128) <#> $1::halfvec(128) LIMIT ${FETCHED}) SELECT id FROM n ORDER BY embedding <#> $1::vector LIMIT 1`;
      return (await client.query<{ id: string }>(sql, [text(probe)])).rows[0]?.id;
    };
  const both = async (name: string, table: string, scans: string[], of = small): Promise<void> => {
    for (const scan of scans) {
      for (const ef of EF_SEARCH)
        rows.push(
          ...(await measured(large, { [`${name}, ${scan}, ${ef}, large`]: search(table, large, ef, scan) })),
        );
      const each = [];
      for (const one of of)
        each.push(...(await measured(one, { small: search(table, one, EF_SEARCH[0]!, scan) })));
      if (each.length > 0) rows.push({ ...mean(each), way: `${name}, ${scan}, ${EF_SEARCH[0]}, small ones` });
    }
  };

  await make("one index", `CREATE INDEX hnsw_all ON of_vector USING hnsw ${half}`);
  await both("one index", "of_vector", ["off", "strict_order", "relaxed_order"]);
  await client.query("DROP INDEX hnsw_all");

  const where = `WHERE account = ${large.gallery.account}`;
  await make("index of the account", `CREATE INDEX hnsw_own ON of_vector USING hnsw ${half} ${where}`);
  await both("index of the account", "of_vector", ["relaxed_order"], []);
  await client.query("DROP INDEX hnsw_own");

  await client.query(
    "CREATE TABLE parts (account int, id text, embedding vector(128)) PARTITION BY LIST (account)",
  );
  for (const account of accounts)
    await client.query(`CREATE TABLE part_${account} PARTITION OF parts FOR VALUES IN (${account})`);
  await client.query(`INSERT INTO parts SELECT * FROM of_vector WHERE account = ANY ($1)`, [accounts]);
  await make(
    "partitions",
    ...accounts.map((account) => `CREATE INDEX hnsw_${account} ON part_${account} USING hnsw ${half}`),
  );
  await client.query("VACUUM ANALYZE parts");
  await both("partitions", "parts", ["relaxed_order"]);

  const scan =
    ({ gallery }: Account): Way =>
    async (probe) => {
      await client.query("SET enable_sort = on; SET enable_bitmapscan = on; SET jit = on");
      const sql = `SELECT id FROM of_vector WHERE account = ${gallery.account} ORDER BY embedding <#> $1::vector LIMIT 10`;
      return (await client.query<{ id: string }>(sql, [text(probe)])).rows[0]?.id;
    };
  const each = [];
  for (const one of small) each.push(...(await measured(one, { small: scan(one) })));
  rows.push({ ...mean(each), way: "no index, exact, small ones" });
  Object.assign(report.figures, figuresOf(rows));
  report.tables.push({
    title: `Filtered by account, ef_search at the end; ${FETCHED} fetched and scored again; ${small.length} small accounts of a hundredth`,
    rows,
  });
}

type Row = Record<string, string | number>;

async function measured({ probes, truth }: Account, ways: Record<string, Way>): Promise<Row[]> {
  const times = await time(ways, probes.slice(0, TIMED));
  const rows: Row[] = [];
  for (const [way, search] of Object.entries(ways)) {
    const recall = await recallOf(search, probes, truth);
    const { p50, p99 } = times[way]!;
    const rest = 2 * recall.all - recall.known;
    rows.push({
      way,
      "p50 ms": round(p50.all),
      "p99 ms": round(p99),
      "recall@1, enrolled": recall.known,
      "recall@1, strangers": round(rest, 3),
    });
  }
  return rows;
}

/** By names such as `index.one_index_relaxed_order_400_large_p50_ms`. */
function figuresOf(rows: readonly Row[]): Record<string, number> {
  const named = rows.flatMap(({ way, ...values }) =>
    Object.entries(values).map(([what, value]) => [`${way} ${what}`, Number(value)] as const),
  );
  return Object.fromEntries(
    named.map(([name, value]) => [`index.${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_")}`, value]),
  );
}

function mean(rows: readonly Row[]): Row {
  return Object.fromEntries(
    Object.keys(rows[0]!)
      .filter((key) => key !== "way")
      .map((key) => [key, round(rows.reduce((sum, row) => sum + Number(row[key]), 0) / rows.length, 3)]),
  );
}

async function size(client: pg.Client, name: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>("SELECT pg_relation_size($1::regclass) AS bytes", [
    name,
  ]);
  return Number(rows[0]!.bytes);
}

const text = (vector: Float32Array): string => `[${vector.join(",")}]`;
const mb = (bytes: number): number => Math.round(bytes / 1e6);
const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
