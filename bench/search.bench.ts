import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openSqliteStorage } from "@prosopon/service/sqlite";
import type { Bench, Goal, Report } from "./bench.ts";
import { embeddingOf } from "./lib/embedding.ts";
import { fillDirectly, enrolOneByOne } from "./search/fill.ts";
import { bruteForce, makeGallery, probes, type SyntheticGallery } from "./search/gallery.ts";

const K = 10;
const P50_GOALS: Record<number, number> = { 100_000: 3, 1_000_000: 25 };

export const bench: Bench = {
  summary: "exact identity search: latency, memory, disk, insert rate, against a brute-force scan",
  options: [
    ["--sizes <list>", "faces, comma-separated (default 10000,100000,1000000)"],
    ["--probes <n>", "searches per gallery, each compared with brute force (default 100)"],
  ],
  async run(options): Promise<Report> {
    const sizes = String(options.sizes ?? "10000,100000,1000000")
      .split(",")
      .map(Number);
    const count = Number(options.probes ?? 100);
    const searches: Record<string, string | number>[] = [];
    const stores: Record<string, string | number>[] = [];
    const figures: Record<string, number> = {};
    const goals: Goal[] = [];
    for (const size of sizes) {
      for (const kind of ["clustered", "random"] as const) {
        const measured = await measure(makeGallery(kind, size), count);
        const { gallery, p50, p99, slowest, brute, wrong, ...store } = measured;
        searches.push({
          faces: size,
          people: gallery.identities,
          vectors: kind,
          "p50 ms": p50,
          "p99 ms": p99,
          "max ms": slowest,
          "brute force p50 ms": brute,
          "times faster": round(brute / p50, 1),
          searches: count,
          "answers that differ": wrong,
        });
        stores.push({
          faces: size,
          vectors: kind,
          "memory B/face": store.memory,
          "disk B/face": store.disk,
          "bulk faces/s": store.bulk,
          "open ms": store.open,
          "first search ms": store.first,
        });
        const name = `search.${kind}.${size}`;
        Object.assign(figures, {
          [`${name}.p50_ms`]: p50,
          [`${name}.p99_ms`]: p99,
          [`${name}.brute_p50_ms`]: brute,
          [`${name}.wrong_answers`]: wrong,
          [`${name}.memory_bytes_per_face`]: store.memory,
          [`${name}.disk_bytes_per_face`]: store.disk,
          [`${name}.bulk_faces_per_s`]: store.bulk,
          [`${name}.open_ms`]: store.open,
          [`${name}.first_search_ms`]: store.first,
        });
        const goal = P50_GOALS[size];
        if (goal)
          goals.push({
            name: `p50 at ${size} faces, ${kind}`,
            value: p50,
            goal,
            direction: "<=",
            unit: "ms",
          });
        goals.push({
          name: `answers unlike brute force, ${size} faces, ${kind}`,
          value: wrong,
          goal: 0,
          direction: "<=",
          unit: "of them",
        });
      }
    }
    const perSecond = await inDirectory(async (directory) => {
      const storage = await openSqliteStorage({ directory });
      try {
        return await enrolOneByOne(storage, 500);
      } finally {
        await storage.close();
      }
    });
    figures["search.enrolments_per_s"] = perSecond;
    return {
      tables: [
        {
          title: `Exact search, the ${K} nearest people (baseline: plain JavaScript, double precision, all faces)`,
          rows: searches,
        },
        { title: "What a gallery costs", rows: stores },
        {
          title: "Through the queue, one at a time, each step flushed to disk",
          rows: [{ "enrolments/s": perSecond }],
        },
      ],
      figures,
      goals,
    };
  },
};

async function measure(gallery: SyntheticGallery, count: number) {
  return inDirectory(async (directory) => {
    const { key, perSecond: bulk } = await fillDirectly(directory, gallery);
    const disk = folderBytes(directory) / gallery.faces;

    let start = performance.now();
    const storage = await openSqliteStorage({ directory });
    const open = performance.now() - start;
    const before = residentAfterCollection();
    const queries = probes(gallery, count);
    const nearest = (query: Float32Array) => storage.identities.nearest(key, embeddingOf(query), K);
    start = performance.now();
    await nearest(queries[0]!);
    const first = performance.now() - start;
    // The resident set: 144 bytes are the gallery's own; SQLite's cache and what loading left behind weigh on small ones.
    const memory = (residentAfterCollection() - before) / gallery.faces;
    // The first runs are compiled while they go.
    for (let i = 0; i < 20; i++) await nearest(queries[i % count]!);

    const times: number[] = [];
    const bruteTimes: number[] = [];
    let wrong = 0;
    for (const query of queries) {
      start = performance.now();
      const answer = await nearest(query);
      times.push(performance.now() - start);
      start = performance.now();
      const truth = bruteForce(gallery, query, K);
      bruteTimes.push(performance.now() - start);
      const same =
        answer.length === truth.length &&
        answer.every(
          (one, rank) =>
            one.identityId === truth[rank]!.identityId &&
            one.faceId === truth[rank]!.faceId &&
            one.cosine === truth[rank]!.cosine,
        );
      if (!same) wrong++;
    }
    await storage.close();
    return {
      gallery,
      wrong,
      bulk: Math.round(bulk),
      disk: Math.round(disk),
      open: round(open, 1),
      first: round(first, 1),
      memory: Math.round(memory),
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      slowest: quantile(times, 1),
      brute: quantile(bruteTimes, 0.5),
    };
  });
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "prosopon-bench-"));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function folderBytes(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

function residentAfterCollection(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().rss;
}

function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.ceil(share * sorted.length) - 1]!, 2);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
