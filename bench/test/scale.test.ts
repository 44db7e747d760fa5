import { describe, expect, it } from "vitest";
import { percentile } from "../cluster/percentile.ts";
import { bottleneck } from "../scale/bottleneck.ts";
import { plan } from "../scale/cluster.ts";
import type { Costs } from "../scale/costs.ts";
import { Galleries } from "../scale/galleries.ts";
import { findLimit } from "../scale/limit.ts";
import { machinesOf, PRICES } from "../scale/machines.ts";
import { type Job, JobQueue } from "../scale/queue.ts";
import { createRandom, zipf } from "../scale/random.ts";
import { Cores, Log, Places } from "../scale/resources.ts";
import { run } from "../scale/run.ts";
import type { Setup } from "../scale/setup.ts";
import { Simulation } from "../scale/simulation.ts";

const tenth = { databaseMs: 0.1, nodeMs: 0.1 };
const costs: Costs = {
  enqueue: { statements: 2, databaseMs: 0.8, nodeMs: 0.3 },
  claim: { statements: 2, databaseMs: 1, nodeMs: 0.3 },
  claimEach: tenth,
  claimNone: { statements: 1, databaseMs: 0.3, nodeMs: 0.2 },
  finish: [
    { statements: 3, databaseMs: 0.8, nodeMs: 0.4 },
    { statements: 6, databaseMs: 1.3, nodeMs: 0.7 },
  ],
  read: tenth,
  notify: { databaseMs: 0.02, nodeMs: 0.03 },
  heard: { databaseMs: 0.01, nodeMs: 0.005 },
  headsPer1000: { databaseMs: 0.2, nodeMs: 0.6 },
  loadPer1000: { databaseMs: 2, nodeMs: 12 },
  databaseScanPerMillionMs: 340,
  scanMs: 0.6,
  scanPerMillionMs: 11.5,
  photoMs: 34,
  photoAllBusyMs: 41,
  apiMs: 5,
  flushMs: 1,
  roundTripMs: 0.3,
  blobMs: 10,
};
const setup: Setup = {
  seed: 3,
  accounts: 200,
  faces: 1e6,
  skew: 0.8,
  enrolments: 0.1,
  apiNodes: 2,
  workers: 2,
  workerCores: 4,
  threads: 4,
  galleryFaces: 2e6,
  databases: 1,
  databaseCores: 4,
  loadFromReplica: false,
  assigned: false,
  splitAbove: Infinity,
  costs,
};
const span = { jobs: 1_000, seconds: 2 };

/** One server, arrivals and service as given; times from arrival to end. */
function oneServer(gap: () => number, service: () => number, customers: number): number[] {
  const simulation = new Simulation();
  const server = new Places(simulation, "server", 1);
  const times: number[] = [];
  const arrive = () => {
    simulation.start(
      (function* () {
        const since = simulation.now;
        yield server.take();
        yield simulation.delay(service());
        server.give();
        times.push(simulation.now - since);
      })(),
    );
    if (--customers > 0) simulation.at(gap(), arrive);
  };
  arrive();
  simulation.run();
  return times;
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe("the simulation's clock and resources", () => {
  it("agrees with the formula of one server that is 80 % busy with random work", () => {
    const random = createRandom(5);
    const times = oneServer(
      () => random.gap(80),
      () => random.gap(100),
      100_000,
    );
    // M/M/1: service of 10 ms / (1 - 0.8) = 50 ms, and exponential, so its p99 is ln 100 times as long.
    expect(mean(times)).toBeGreaterThan(46);
    expect(mean(times)).toBeLessThan(54);
    expect(percentile(times, 99) / (50 * Math.log(100))).toBeCloseTo(1, 1);
  });

  it("lets nobody wait when work comes evenly and is done before the next", () => {
    const times = oneServer(
      () => 10,
      () => 9,
      1_000,
    );
    expect(Math.max(...times)).toBeCloseTo(9, 6);
  });

  it("shares cores by turns, so that a short statement does not wait for a whole photo", () => {
    const simulation = new Simulation();
    const cores = new Cores(simulation, "cores", 1);
    const ended: Record<string, number> = {};
    cores.use(40)(() => (ended.photo = simulation.now));
    simulation.at(1, () => cores.use(1)(() => (ended.statement = simulation.now)));
    simulation.run();
    expect(ended.statement).toBeLessThan(4);
    expect(ended.photo).toBeCloseTo(41, 6);
    expect(cores.utilisation()).toBeCloseTo(1, 6);
  });

  it("flushes commits that come during a flush together in the next", () => {
    const simulation = new Simulation();
    const log = new Log(simulation, "log", 2);
    const flushed: number[] = [];
    for (const at of [0, 0.5, 1]) simulation.at(at, () => log.commit()(() => flushed.push(simulation.now)));
    simulation.run();
    expect(flushed).toEqual([2, 4, 4]);
  });
});

describe("accounts", () => {
  it("take turns: a newcomer's job goes before those of who never stopped", () => {
    const queue = new JobQueue();
    let id = 0;
    const add = (account: number): Job => {
      const job: Job = { id: id++, account, rank: 0, turn: 0, photos: 1, arrivedAt: 0, sentAt: 0, spent: {} };
      queue.add(job);
      return job;
    };
    for (let n = 0; n < 10; n++) add(1);
    queue.claim({ lookups: 5, imports: 0 }, 0);
    add(2);
    add(2);
    const claimed = queue.claim({ lookups: 3, imports: 0 }, 0).map(({ account }) => account);
    expect(claimed[0]).toBe(2);
    expect(claimed.slice(1)).toContain(1);
  });

  it("that were searched longest ago leave a worker's memory when room is short", () => {
    let now = 0;
    const galleries = new Galleries(
      100,
      () => 40,
      () => now,
    );
    for (const account of [1, 2]) galleries.add(account);
    galleries.has(1);
    now = 1_000;
    expect(galleries.miss(3)).toEqual({ load: true, wait: true });
    galleries.end();
    expect([1, 2, 3].map((account) => galleries.has(account))).toEqual([true, false, true]);
  });

  it("stay in it when the next one was used less long ago than loading it takes: PostgreSQL answers then", () => {
    let now = 0;
    const galleries = new Galleries(
      1e6,
      () => 6e5,
      () => now,
    );
    galleries.add(1);
    now = 11_999;
    expect(galleries.miss(2)).toEqual({ load: false, wait: false });
    now = 12_000;
    expect(galleries.miss(2)).toEqual({ load: true, wait: false });
  });

  it("have sizes that sum up and fall by their rank", () => {
    const sizes = zipf(1_000, 0.8, 1e7);
    expect(sizes.reduce((a, b) => a + b, 0) / 1e7).toBeCloseTo(1, 3);
    expect(sizes[0]! / sizes[99]!).toBeCloseTo(100 ** 0.8, 0);
  });
});

describe("a simulated cluster", () => {
  it("does the same again for the same seed, and something else for another", () => {
    const first = run(plan(setup), 40, span);
    expect(run(plan(setup), 40, span)).toEqual(first);
    expect(run(plan({ ...setup, seed: 4 }), 40, span).p50).not.toBe(first.p50);
  });

  it("obeys Little's law: jobs inside are those that come in the time that one stays", () => {
    const { inSystem, offered, meanMs } = run(plan(setup), 60, { jobs: 3_000, seconds: 2 });
    expect(inSystem / ((offered * meanMs) / 1_000)).toBeCloseTo(1, 1);
  });

  it("does all that is offered while every resource has room", () => {
    const { done, offered, p99, utilisation } = run(plan(setup), 30, span);
    expect(done / offered).toBeCloseTo(1, 1);
    expect(p99).toBeLessThan(300);
    expect(Math.max(...Object.values(utilisation))).toBeLessThan(0.6);
  });

  it.each([
    ["workers' cores", "worker_cores", { workers: 1, apiNodes: 8 }, 1],
    ["API nodes", "api", { workers: 16, apiNodes: 1 }, 1],
    ["PostgreSQL's cores", "database_cores", { workers: 16, apiNodes: 16, databaseCores: 1 }, 1],
    ["a single account's head", "head", { accounts: 1, workers: 16, apiNodes: 16, databaseCores: 16 }, 6],
  ] as const)("names %s as what is full where there are few", (_, resource, change, flushMs) => {
    const scarce = plan({ ...setup, ...change, costs: { ...costs, flushMs } });
    const outcome = run(scarce, 250, { jobs: 500, seconds: 2 });
    expect(outcome.done).toBeLessThan(0.9 * outcome.offered);
    expect(bottleneck(outcome).resource).toBe(resource);
  });

  it("keeps more load with more of what was scarce", () => {
    const limit = (workers: number) => {
      const planned = plan({ ...setup, workers, apiNodes: 8 });
      return findLimit(planned, 100, run(planned, 100, span), 500, span).kept?.offered ?? 0;
    };
    expect(limit(2) / limit(1)).toBeGreaterThan(1.6);
  });

  it("leaves to PostgreSQL what no worker has room for, until accounts are assigned", () => {
    const short = { ...setup, faces: 2e6, galleryFaces: 6e5, workers: 4 };
    const anyWorker = run(plan(short), 20, span);
    const own = run(plan({ ...short, assigned: true }), 20, span);
    expect(anyWorker.hits).toBeLessThan(0.9);
    expect(own.hits).toBe(1);
    expect(own.utilisation.database_cores).toBeLessThan(anyWorker.utilisation.database_cores!);
  });

  it("scans an account that is split in a part of the time", () => {
    const single = { ...setup, accounts: 1, faces: 8e6, galleryFaces: 8e6, workers: 8 };
    const whole = run(plan(single), 1, { jobs: 200, seconds: 2 });
    const split = run(plan({ ...single, splitAbove: 1e6 }), 1, { jobs: 200, seconds: 2 });
    expect(whole.p50 - split.p50).toBeGreaterThan(0.7 * 8 * costs.scanPerMillionMs);
  });

  it("costs what its machines cost", () => {
    const bytes = { searchLog: 4_000, enrolmentLog: 8_000, disk: 1_500, memory: 150 };
    const machines = machinesOf(setup, { bytes }, { jobsPerSecond: 10, prices: PRICES });
    expect(machines.cores).toBe(2 + 8 + 8);
    expect(machines.logGbADay).toBeCloseTo((10 * 86_400 * 4_400) / 1e9, 3);
    const { core, gbMemory, gbDisk } = PRICES;
    expect(machines.money).toBeCloseTo(
      machines.cores * core + machines.memoryGb * gbMemory + machines.diskGb * gbDisk,
    );
  });
});
