import { randomUUID } from "node:crypto";
import { openPostgresStorage, type Storage } from "@prosopon/service";
import pg from "pg";
import { startPostgres } from "../tools/postgres.ts";
import type { Bench, Report } from "./bench.ts";
import { fillGallery } from "./cluster/gallery.ts";
import { percentile } from "./cluster/percentile.ts";
import { fairness, overhead, throughput } from "./cluster/queue.ts";
import { compareSearches, PROBES } from "./cluster/search.ts";

const SERVICE_MS = 20;

export const bench: Bench = {
  summary: "queue, fairness and search on a real PostgreSQL with pgvector, beside SQL by hand",
  options: [["--faces <counts>", "gallery sizes, with commas (default 100000,1000000)"]],
  async run(options) {
    const sizes = String(options.faces ?? "100000,1000000")
      .split(",")
      .map(Number);
    const server = await startPostgres();
    const report: Report = { tables: [], figures: {}, goals: [] };
    try {
      await benchQueue(await database(server.url, "queue"), report);
      for (const faces of sizes)
        await benchSearch(await database(server.url, `faces_${faces}`), faces, report);
    } finally {
      await server.stop();
    }
    return report;
  },
};

async function database(url: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE bench_${name}`);
  await client.end();
  return Object.assign(new URL(url), { pathname: `/bench_${name}` }).href;
}

async function newAccount(storage: Storage): Promise<string> {
  const id = randomUUID();
  const settings = { keepCrops: false, refuseMixedIdentities: false };
  await storage.accounts.create({
    id,
    clientId: id,
    name: "bench",
    secretHash: "-",
    settings,
    disabled: false,
    createdAt: 0,
  });
  return id;
}

async function benchQueue(url: string, report: Report): Promise<void> {
  const storage = await openPostgresStorage({ url });
  const second = await openPostgresStorage({ url });
  const accounts: string[] = [];
  for (let i = 0; i < 200; i++) accounts.push(await newAccount(storage));
  const [one = ""] = accounts;
  await overhead(storage, one, 50);
  const times = await overhead(storage, one, 400);
  const alone = await throughput([storage], accounts, 1_500);
  const together = await throughput([storage, second], accounts, 1_500);
  const sameAccount = await throughput([storage, second], [one], 1_000);
  const [loudOne = "", loudTwo = "", ...quiet] = accounts;
  const idle = await fairness(storage, { quiet, loud: [] }, 0, SERVICE_MS);
  const busy = await fairness(storage, { quiet, loud: [loudOne, loudTwo] }, 4_000, SERVICE_MS);
  await storage.close();
  await second.close();

  const p50 = percentile(times, 50);
  report.tables.push({
    title: "Queue, with nothing to do in a job",
    rows: [
      { what: "enqueue, claim and finish of one job, p50", value: round(p50), unit: "ms" },
      { what: "the same, p99", value: round(percentile(times, 99)), unit: "ms" },
      { what: "one worker, 200 accounts", value: Math.round(alone), unit: "jobs/s" },
      { what: "two workers, 200 accounts", value: Math.round(together), unit: "jobs/s" },
      { what: "two workers, one account", value: Math.round(sameAccount), unit: "jobs/s" },
      { what: `quiet accounts' search, idle (work ${SERVICE_MS} ms), p50`, value: round(idle), unit: "ms" },
      { what: "the same beside two accounts with 4,000 searches waiting", value: round(busy), unit: "ms" },
    ],
  });
  Object.assign(report.figures, {
    "queue.overhead_p50_ms": round(p50),
    "queue.one_worker_jobs_per_s": Math.round(alone),
    "queue.two_workers_jobs_per_s": Math.round(together),
    "queue.one_account_jobs_per_s": Math.round(sameAccount),
    "fairness.idle_p50_ms": round(idle),
    "fairness.busy_p50_ms": round(busy),
  });
  report.goals.push(
    { name: "queue overhead per job, median", value: round(p50), goal: 5, direction: "<=", unit: "ms" },
    {
      name: "quiet accounts' median search latency against idle",
      value: round(busy / idle),
      goal: 1.5,
      direction: "<=",
      unit: "x",
    },
  );
}

async function benchSearch(url: string, faces: number, report: Report): Promise<void> {
  const memory = await openPostgresStorage({ url });
  const pgvector = await openPostgresStorage({ url, galleryFaces: 0 });
  const ids = { large: await newAccount(memory), small: await newAccount(memory) };
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const gallery = await fillGallery(client, ids, faces, mulberry32(7));
  const ways = await compareSearches(
    client,
    gallery,
    { id: ids.large, row: gallery.large },
    { memory, pgvector },
  );
  await client.end();
  await memory.close();
  await pgvector.close();

  const size = faces >= 1_000_000 ? `${faces / 1_000_000}M` : `${faces / 1_000}k`;
  const rows = {
    "Prosopon, from memory": ways.memory,
    "Prosopon, pgvector exact": ways.pgvector,
    "SQL by hand": ways.byHand,
  };
  report.tables.push({
    title: `Search among ${size} faces in PostgreSQL, nine in ten of one account; loading its gallery took ${Math.round(ways.firstMs)} ms`,
    rows: Object.entries(rows).map(([way, { p50, p99, recall }]) => ({
      way,
      "p50 ms": round(p50),
      "p99 ms": round(p99),
      "recall@1": recall,
    })),
  });
  const prefix = `search.${size}`;
  Object.assign(report.figures, {
    [`${prefix}.memory_p50_ms`]: round(ways.memory.p50),
    [`${prefix}.memory_p99_ms`]: round(ways.memory.p99),
    [`${prefix}.pgvector_p50_ms`]: round(ways.pgvector.p50),
    [`${prefix}.pgvector_p99_ms`]: round(ways.pgvector.p99),
    [`${prefix}.by_hand_p50_ms`]: round(ways.byHand.p50),
    [`${prefix}.load_ms`]: Math.round(ways.firstMs),
  });
  report.goals.push(
    {
      name: `search from memory at ${size} against SQL by hand`,
      value: round(ways.memory.p50 / ways.byHand.p50),
      goal: 1.2,
      direction: "<=",
      unit: "x",
    },
    {
      name: `pgvector search at ${size} against SQL by hand`,
      value: round(ways.pgvector.p50 / ways.byHand.p50),
      goal: 1.2,
      direction: "<=",
      unit: "x",
    },
    {
      name: `identity-level recall@1 at ${size}, ${PROBES} probes`,
      value: Math.min(ways.memory.recall, ways.pgvector.recall),
      goal: 0.999,
      direction: ">=",
      unit: "",
    },
  );
}

const round = (value: number) => Math.round(value * 100) / 100;

/** The same gallery in every run. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
