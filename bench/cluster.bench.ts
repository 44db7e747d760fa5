import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openLocalBlobs } from "@prosopon/service";
import { openPostgresStorage } from "@prosopon/service/postgres";
import { startPostgres } from "../tools/postgres.ts";
import type { Bench, Report } from "./bench.ts";
import { freshDatabase } from "./cluster/database.ts";
import { type Cluster, fairness } from "./cluster/fairness.ts";
import { percentile } from "./cluster/percentile.ts";
import { storePhotos } from "./cluster/photos.ts";
import { startWorker, type WorkerProcess } from "./cluster/processes.ts";
import { overhead, throughput } from "./cluster/queue.ts";
import { scaling } from "./cluster/scaling.ts";
import { benchSearch } from "./cluster/search.ts";
import { createAccounts } from "./lib/account.ts";

/** Threads of a worker, and of the machine's. */
const THREADS = 2;
const PRETEND_MS = 20;
/** Enough for a round: what pretends is quicker. */
const BACKLOGS = { apart: { searches: 600, imports: 100 }, here: { searches: 200, imports: 40 } };

export const bench: Bench = {
  summary: "queue, fairness and search on a real PostgreSQL with pgvector, beside SQL by hand",
  options: [
    ["--faces <counts>", "gallery sizes, with commas (default 100000,1000000; none: only the queue)"],
    ["--search", "only search"],
  ],
  async run(options) {
    const sizes = String(options.faces ?? "100000,1000000")
      .split(",")
      .map(Number)
      .filter((faces) => faces > 0);
    const server = await startPostgres();
    const report: Report = { tables: [], figures: {}, goals: [] };
    try {
      if (!options.search) {
        await benchQueue(await freshDatabase(server.url, "queue"), report);
        await benchWorkers((name) => freshDatabase(server.url, name), report);
      }
      for (const faces of sizes) {
        const url = await freshDatabase(server.url, `faces_${faces}`);
        await benchSearch(url, faces, report);
      }
    } finally {
      await server.stop();
    }
    return report;
  },
};

async function benchQueue(url: string, report: Report): Promise<void> {
  const storage = await openPostgresStorage({ url });
  const second = await openPostgresStorage({ url });
  const accounts = await createAccounts(storage, 200);
  const one = accounts[0]!;
  await overhead(storage, one, 50);
  const times = await overhead(storage, one, 400);
  const alone = await throughput([storage], accounts, 1_500);
  const together = await throughput([storage, second], accounts, 1_500);
  const sameAccount = await throughput([storage, second], [one], 1_000);
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
    ],
  });
  Object.assign(report.figures, {
    "queue.overhead_p50_ms": round(p50),
    "queue.one_worker_jobs_per_s": Math.round(alone),
    "queue.two_workers_jobs_per_s": Math.round(together),
    "queue.one_account_jobs_per_s": Math.round(sameAccount),
  });
  report.goals.push({
    name: "queue overhead per job, median",
    value: round(p50),
    goal: 5,
    direction: "<=",
    unit: "ms",
  });
}

/** Worker processes over PostgreSQL; what enqueues and listens is this process, as an API node is. */
async function benchWorkers(database: (name: string) => Promise<string>, report: Report): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-bench-"));
  const blobs = await openLocalBlobs(directory);
  const small = await storePhotos(blobs, 640, 480);
  const large = await storePhotos(blobs, 1280, 960);
  const closing: (() => Promise<void>)[] = [() => blobs.close(), () => rm(directory, { recursive: true })];
  async function cluster(name: string, pretendMs?: number): Promise<Cluster> {
    const url = await database(name);
    const storage = await openPostgresStorage({ url });
    const accounts = await createAccounts(storage, 200);
    const worker = await startWorker({
      url,
      blobs: directory,
      threads: THREADS,
      ...(pretendMs !== undefined && { pretendMs }),
    });
    closing.unshift(async () => {
      await worker.end();
      await storage.close();
    });
    return { storage, worker, accounts };
  }
  try {
    const apart = await fairness(
      await cluster("idle", PRETEND_MS),
      await cluster("busy", PRETEND_MS),
      small,
      BACKLOGS.apart,
    );
    const here = await fairness(await cluster("idle_here"), await cluster("busy_here"), small, BACKLOGS.here);
    report.tables.push({
      title: `198 quiet accounts' searches beside two loud ones with searches and imports of five photos waiting; medians of alternating rounds, one worker of ${THREADS} threads`,
      rows: [
        [`${PRETEND_MS} ms of inference on another machine`, apart] as const,
        ["real inference on this machine", here] as const,
      ].map(([what, { idle, imports, importsRatio, busy, ratio }]) => ({
        what,
        "idle, ms": round(idle),
        "beside imports, ms": round(imports),
        ratio: round(importsRatio),
        "beside imports and searches, ms": round(busy),
        "ratio ": round(ratio),
      })),
    });
    Object.assign(report.figures, {
      "fairness.idle_p50_ms": round(apart.idle),
      "fairness.beside_imports_p50_ms": round(apart.imports),
      "fairness.busy_p50_ms": round(apart.busy),
      "fairness.loud_one_jobs": apart.served[0]!,
      "fairness.loud_two_jobs": apart.served[1]!,
      "fairness.real.idle_p50_ms": round(here.idle),
      "fairness.real.beside_imports_p50_ms": round(here.imports),
      "fairness.real.busy_p50_ms": round(here.busy),
      "fairness.real.ratio": round(here.ratio),
    });

    const url = await database("scaling");
    const storage = await openPostgresStorage({ url });
    const accounts = await createAccounts(storage, 20);
    const start = (): Promise<WorkerProcess> => startWorker({ url, blobs: directory, threads: 1 });
    const workers = [await start(), await start()] as const;
    closing.unshift(async () => {
      await Promise.all(workers.map((worker) => worker.end()));
      await storage.close();
    });
    const { one, two, ratio } = await scaling(storage, accounts, large, workers);
    report.tables.push({
      title: "Enrolments of one photo of 1280 x 960, real inference, one thread a worker",
      rows: [
        { what: "one worker", "jobs/s": round(one) },
        { what: "two workers", "jobs/s": round(two) },
        { what: "ratio", "jobs/s": round(ratio) },
      ],
    });
    Object.assign(report.figures, {
      "workers.one_jobs_per_s": round(one),
      "workers.two_jobs_per_s": round(two),
    });
    report.goals.push(
      {
        name: "quiet accounts' median search latency against idle, inference on another machine",
        value: round(apart.ratio),
        goal: 1.5,
        direction: "<=",
        unit: "x",
      },
      {
        name: "quiet accounts' median search latency against idle, all on one machine",
        value: round(here.ratio),
        goal: 1.5,
        direction: "<=",
        unit: "x",
      },
      {
        name: "jobs per second of two workers against one, real inference",
        value: round(ratio),
        goal: 1.6,
        direction: ">=",
        unit: "x",
      },
    );
  } finally {
    for (const close of closing) await close();
  }
}

const round = (value: number) => Math.round(value * 100) / 100;
