import { Api } from "./api.ts";
import type { Figure } from "./comparisons.ts";
import type { Costs } from "./costs.ts";
import { Database } from "./database.ts";
import { Galleries } from "./galleries.ts";
import { Notifier, Process } from "./process.ts";
import type { Job } from "./queue.ts";
import { createRandom } from "./random.ts";
import { Cores, Places } from "./resources.ts";
import { Simulation, type Steps } from "./simulation.ts";
import { Worker } from "./worker.ts";
import { percentile } from "../cluster/percentile.ts";

/** Cores of the machine that `bench cluster` is run on: PostgreSQL and all processes share them. */
const CORES = 2;

/** By figure of `bench cluster`: its set-up, simulated, while processes of no concern take so many of the cores (only the queue). */
export const SIMULATED: Record<Figure, (costs: Costs, others: number) => number> = {
  "queue.overhead_p50_ms": overhead,
  "queue.one_worker_jobs_per_s": (costs, others) => throughput(costs, others, 1, 200),
  "queue.two_workers_jobs_per_s": (costs, others) => throughput(costs, others, 2, 200),
  "queue.one_account_jobs_per_s": (costs, others) => throughput(costs, others, 2, 1),
  "workers.one_jobs_per_s": (costs) => enrolments(costs, 1),
  "workers.two_jobs_per_s": (costs) => enrolments(costs, 2),
  "fairness.idle_p50_ms": (costs) => quiet(costs, [], "elsewhere"),
  "fairness.beside_imports_p50_ms": (costs) => quiet(costs, ["imports"], "elsewhere"),
  "fairness.busy_p50_ms": (costs) => quiet(costs, ["imports", "searches"], "elsewhere"),
  "fairness.real.idle_p50_ms": (costs) => quiet(costs, [], "here"),
  "fairness.real.beside_imports_p50_ms": (costs) => quiet(costs, ["imports"], "here"),
  "fairness.real.busy_p50_ms": (costs) => quiet(costs, ["imports", "searches"], "here"),
};

function machine(costs: Costs, others = 0) {
  const simulation = new Simulation();
  const cores = new Cores(simulation, "cores", CORES);
  if (others > 0) simulation.start(take(simulation, cores, others));
  const database = new Database(simulation, "PostgreSQL", { cores, costs });
  return { simulation, cores, database };
}

let ids = 0;
const job = (account: number, rank: 0 | 1 = 0, photos = 1): Job => ({
  id: ids++,
  account,
  rank,
  photos,
  turn: 0,
  arrivedAt: 0,
  sentAt: 0,
  spent: {},
});

/** Takes a slice so often that it makes so many cores. */
function* take(simulation: Simulation, cores: Cores, others: number): Steps {
  for (;;) {
    cores.use(cores.sliceMs, false)(() => {});
    yield simulation.delay(cores.sliceMs / Math.min(others, 0.95 * CORES));
  }
}

/** One after the other, as `overhead` of cluster/queue.ts. */
function overhead(costs: Costs, others: number): number {
  const { simulation, cores, database } = machine(costs, others);
  const process = new Process(simulation, "bench", cores);
  const notifier = new Notifier(simulation, database, process);
  const TIMES = 100;
  const times: number[] = [];
  simulation.start(
    (function* () {
      for (let n = 0; n < TIMES; n++) {
        const since = simulation.now;
        for (const cost of [costs.enqueue, withEach(costs, 1), costs.finish[0]]) {
          yield* database.transaction(process, cost, () => [0], cost === costs.enqueue ? [0] : []);
          notifier.tell({ due: true });
        }
        times.push(simulation.now - since);
      }
    })(),
  );
  simulation.run(Infinity, () => times.length < TIMES);
  return percentile(times, 50);
}

const withEach = ({ claim, claimEach }: Costs, jobs: number) => ({
  statements: claim.statements,
  databaseMs: claim.databaseMs + jobs * claimEach.databaseMs,
  nodeMs: claim.nodeMs + jobs * claimEach.nodeMs,
});

/** Claims of four, finished together, as `throughput` of cluster/queue.ts: its workers are pools of one process. */
function throughput(costs: Costs, others: number, workers: number, accounts: number): number {
  const { simulation, cores, database } = machine(costs, others);
  const main = new Places(simulation, "main thread", 1);
  const JOBS = 1_000;
  const jobs = Array.from({ length: JOBS }, (_, n) => job(n % accounts));
  for (const one of jobs) database.queue.add(one);
  let ended = 0;
  for (let n = 0; n < workers; n++) {
    const process = new Process(simulation, "bench", cores, main);
    simulation.start(claimAndFinish(simulation, database, process, () => ended++));
  }
  simulation.run(Infinity, () => ended < JOBS);
  return JOBS / (simulation.now / 1_000);
}

function* claimAndFinish(
  simulation: Simulation,
  database: Database,
  process: Process,
  onEnd: () => void,
): Steps {
  const notifier = new Notifier(simulation, database, process);
  for (;;) {
    let jobs: Job[] = [];
    yield* database.transaction(process, withEach(database.costs, 4), () => {
      jobs = database.queue.claim({ lookups: 4, imports: 0 }, 0);
      return jobs.map(({ account }) => account);
    });
    if (jobs.length === 0) return;
    notifier.tell({});
    yield (resume) => {
      let left = jobs.length;
      for (const done of jobs) simulation.start(finish(done, () => --left === 0 && resume()));
    };
  }
  function* finish(done: Job, then: () => void): Steps {
    yield* database.transaction(process, database.costs.finish[0], () => [done.account]);
    done.ended = true;
    onEnd();
    notifier.tell({ ended: [done.id] });
    then();
  }
}

function worker(
  simulation: Simulation,
  database: Database,
  cores: Cores,
  threads: number,
  engineCores = cores,
) {
  return new Worker(simulation, database, {
    name: "worker",
    cores,
    engineCores,
    threads,
    group: 0,
    galleries: new Galleries(2_000_000, () => 0),
    sizes: () => 0,
    holders: () => undefined,
  });
}

/** From a full queue, as cluster/scaling.ts. */
function enrolments(costs: Costs, workers: number): number {
  const { simulation, cores, database } = machine(costs);
  const JOBS = 120;
  const jobs = Array.from({ length: JOBS }, (_, n) => job(n % 20, 1));
  for (const one of jobs) database.queue.add(one);
  const api = new Api(simulation, database, { name: "bench", cores, http: false, accounts: 20 });
  simulation.start(api.look(2_000));
  for (let n = 0; n < workers; n++) worker(simulation, database, cores, 1).wake();
  simulation.run();
  return JOBS / (Math.max(...jobs.map((one) => one.endedAt ?? Infinity)) / 1_000);
}

type Load = "imports" | "searches";

/** Median of quiet accounts' first searches, some 30 ms apart, as cluster/fairness.ts; 20 ms of pretended inference take no core. */
function quiet(costs: Costs, loads: Load[], inference: "here" | "elsewhere"): number {
  const here = inference === "here";
  const priced = here ? costs : { ...costs, photoMs: 20, photoAllBusyMs: 20 };
  const { simulation, cores, database } = machine(priced);
  const random = createRandom(11);
  const api = new Api(simulation, database, { name: "bench", cores, http: false, accounts: 200 });
  for (const loud of [0, 1]) {
    if (loads.includes("imports")) for (let n = 0; n < 60; n++) database.queue.add(job(loud, 1, 5));
    if (loads.includes("searches")) for (let n = 0; n < 800; n++) database.queue.add(job(loud));
  }
  worker(simulation, database, cores, 2, here ? cores : new Cores(simulation, "elsewhere", CORES)).wake();
  const probes: Job[] = [];
  simulation.start(
    (function* () {
      yield simulation.delay(500);
      for (let account = 2; account < 62; account++) {
        yield simulation.delay(60 * random.next());
        const probe = job(account);
        probes.push(probe);
        yield* api.handle(probe);
      }
    })(),
  );
  simulation.run(20_000);
  return percentile(
    probes.flatMap((probe) => (probe.answeredAt === undefined ? [] : [probe.answeredAt - probe.arrivedAt])),
    50,
  );
}
