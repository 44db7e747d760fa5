import { percentile } from "../cluster/percentile.ts";
import { build, type Plan } from "./cluster.ts";
import type { Job } from "./queue.ts";
import { createRandom } from "./random.ts";
import type { Resource } from "./resources.ts";
import { PATIENCE_MS, type Span } from "./setup.ts";

export interface Outcome {
  /** Jobs per second. */
  offered: number;
  done: number;
  /** Of searches, from the request to the answer, milliseconds; of those without one, to the end of the patience. */
  p50: number;
  p99: number;
  /** Share of its time in use, 0 to 1, of the busiest of each kind. */
  utilisation: Record<string, number>;
  /** Share of the time in which the log of the busiest database was being flushed. */
  flushing: number;
  /** Of searches that a worker's memory was to answer, those that found their gallery there. */
  hits: number | undefined;
  /** What the slowest hundredth of the searches spent their time with; shares. */
  slowest: Record<string, number>;
  /** Mean jobs between their requests and their answers, and the mean time of one: what Little's law relates. */
  inSystem: number;
  meanMs: number;
}

/** The part of the run that does not count: queues fill up. */
const WARM = 0.25;

/** A Poisson process of requests, each from an account as often as it has faces. The same plan and load give the same. */
export function run(plan: Plan, perSecond: number, span: Span): Outcome {
  const { setup, pick } = plan;
  const { simulation, databases, apis, workers, resources, submit } = build(plan);
  const random = createRandom(setup.seed + 1);
  const untilMs = Math.max((span.jobs / perSecond) * 1_000, span.seconds * 1_000) * (1 + WARM);
  const fromMs = (untilMs * WARM) / (1 + WARM);
  const jobs: Job[] = [];
  const arrive = () => {
    if (simulation.now >= untilMs) return;
    const account = pick(random.next());
    const rank = random.next() < setup.enrolments ? 1 : 0;
    const job: Job = {
      id: jobs.length,
      account,
      rank,
      turn: 0,
      photos: 1,
      arrivedAt: simulation.now,
      sentAt: 0,
      spent: {},
    };
    jobs.push(job);
    submit(job);
    simulation.at(random.gap(perSecond), arrive);
  };
  for (const api of apis) simulation.start(api.look(untilMs));
  arrive();
  simulation.run(fromMs);
  const measured: Record<string, Resource[]> = { ...resources, log: databases.map(({ log }) => log) };
  const heads = () => databases.flatMap((database) => database.heads);
  for (const resource of [...Object.values(measured).flat(), ...heads()]) resource.reset();
  for (const { galleries } of workers) galleries.hits = galleries.misses = 0;
  simulation.run(untilMs);

  const busiest = (of: readonly Resource[]) => Math.max(0, ...of.map((one) => one.utilisation()));
  const { log: flushing = 0, ...utilisation } = Object.fromEntries(
    Object.entries(measured).map(([kind, of]) => [kind, busiest(of)]),
  );
  utilisation.head = busiest(heads());
  const [hits, misses] = ["hits", "misses"].map((key) =>
    workers.reduce((sum, { galleries }) => sum + galleries[key as "hits" | "misses"], 0),
  ) as [number, number];
  const inSpan = (at?: number) => at !== undefined && at >= fromMs && at < untilMs;
  const done = jobs.filter(({ answeredAt }) => inSpan(answeredAt)).length;
  simulation.run(untilMs + PATIENCE_MS);

  const counted = jobs.filter(({ arrivedAt }) => inSpan(arrivedAt));
  const age = ({ arrivedAt, answeredAt = untilMs + PATIENCE_MS }: Job) => answeredAt - arrivedAt;
  const searches = counted.filter(({ rank }) => rank === 0).sort((a, b) => age(a) - age(b));
  const seconds = (untilMs - fromMs) / 1_000;
  const within = jobs.reduce(
    (sum, { arrivedAt, answeredAt = Infinity }) =>
      sum + Math.max(0, Math.min(answeredAt, untilMs) - Math.max(arrivedAt, fromMs)),
    0,
  );
  return {
    offered: counted.length / seconds,
    done: done / seconds,
    p50: percentile(searches.map(age), 50),
    p99: percentile(searches.map(age), 99),
    utilisation,
    flushing,
    hits: hits + misses === 0 ? undefined : hits / (hits + misses),
    slowest: sharesOf(searches.slice(Math.floor(searches.length * 0.99))),
    inSystem: within / 1_000 / seconds,
    meanMs: counted.reduce((sum, job) => sum + age(job), 0) / counted.length,
  };
}

function sharesOf(jobs: Job[]): Record<string, number> {
  const sums: Record<string, number> = {};
  let all = 0;
  for (const { spent } of jobs) {
    for (const [what, ms] of Object.entries(spent)) {
      sums[what] = (sums[what] ?? 0) + ms;
      all += ms;
    }
  }
  return Object.fromEntries(Object.entries(sums).map(([what, ms]) => [what, ms / Math.max(all, 1e-9)]));
}
