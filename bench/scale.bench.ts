import type { Bench } from "./bench.ts";
import { plan } from "./scale/cluster.ts";
import { findLimit } from "./scale/limit.ts";
import { machinesOf, PRICES, type Prices } from "./scale/machines.ts";
import { measureCosts } from "./scale/measure.ts";
import {
  type Figures,
  figuresOf,
  keptMeasures,
  type Parameters,
  readParameters,
  toKeep,
} from "./scale/parameters.ts";
import { run } from "./scale/run.ts";
import { PLACE, type Scenario, SCENARIOS, setupOf, type Variant } from "./scale/scenarios.ts";
import { errors, tables } from "./scale/tables.ts";
import { SIMULATED } from "./scale/validate.ts";

/** How far the simulation may be off what was measured, either way. */
const GOAL = 0.3;

interface Asked {
  boundMs: number;
  skew: number | undefined;
  prices: Prices;
}

export const bench: Bench = {
  summary: "a cluster simulated: what it does, where its first limit is, what moves it, and what it takes",
  options: [
    ["--measure", "measure anew what the simulation needs, on a real PostgreSQL: a minute on two idle cores"],
    ["--p99-ms <ms>", "bound of the searches' p99, from the request to the answer (default 500)"],
    [
      "--skew <exponent>",
      "faces and load of accounts fall as rank to its negative power (default 0.8, an assumption)",
    ],
    ["--core-month <money>", `a core for a month (default ${PRICES.core}, an assumption)`],
    ["--gb-memory-month <money>", `a GB of memory for a month (default ${PRICES.gbMemory}, an assumption)`],
    ["--gb-disk-month <money>", `a GB of disk for a month (default ${PRICES.gbDisk}, an assumption)`],
  ],
  async run(options) {
    const measured = (options.measure ? undefined : keptMeasures()) ?? (await measureCosts());
    const parameters = readParameters(measured);
    const number = (name: string, otherwise: number) => Number(options[name] ?? otherwise);
    const asked: Asked = {
      boundMs: number("p99Ms", 500),
      skew: options.skew === undefined ? undefined : Number(options.skew),
      prices: {
        core: number("coreMonth", PRICES.core),
        gbMemory: number("gbMemoryMonth", PRICES.gbMemory),
        gbDisk: number("gbDiskMonth", PRICES.gbDisk),
      },
    };
    const figures: Figures = {
      ...toKeep(measured),
      ...prefixed("parameter", { ...parameters.figures, ...assumptions(asked) }),
      ...compare(parameters, measured),
    };
    for (const scenario of SCENARIOS)
      for (const variant of scenario.variants)
        Object.assign(figures, simulate(scenario, variant, parameters, asked));
    return { tables: tables(figures), figures: rounded(figures), goals: goals(figures) };
  },
};

/** What nothing here has measured. */
function assumptions({ boundMs, skew, prices }: Asked): Figures {
  const [{ base }] = SCENARIOS;
  return prefixed("assumption", {
    "a_statement's_way_between_machines.elapsed_ms": PLACE.roundTripMs,
    "a_flush_of_a_durable_disk.elapsed_ms": PLACE.flushMs,
    "an_image_to_or_from_object_storage.elapsed_ms": PLACE.blobMs,
    "p99_of_searches,_at_most.elapsed_ms": boundMs,
    "enrolments_among_the_jobs.percent": base.enrolments * 100,
    "faces_and_load_of_accounts_fall_as_their_rank_to_the_power_of_minus.exponent": skew ?? base.skew,
    "a_core.money_a_month": prices.core,
    "a_GB_of_memory.money_a_month": prices.gbMemory,
    "a_GB_of_disk.money_a_month": prices.gbDisk,
  });
}

/** Beside what was measured together with the costs, others' part of the machine included, and beside `bench cluster`. */
function compare({ costs }: Parameters, measured: Figures): Figures {
  const others = measured["queue.others_cores"] ?? 0;
  const sources = [
    { by: "scale", of: measured, others },
    { by: "cluster", of: figuresOf("cluster"), others: 0 },
  ];
  const figures: Figures = {};
  for (const { by, of, others } of sources) {
    for (const [figure, simulated] of Object.entries(SIMULATED)) {
      if (of[figure] === undefined) continue;
      figures[`compare.${by}.${figure}.measured`] = of[figure];
      figures[`compare.${by}.${figure}.simulated`] = simulated(costs, others);
    }
  }
  return figures;
}

function simulate(scenario: Scenario, variant: Variant, parameters: Parameters, asked: Asked): Figures {
  const setup = setupOf(scenario, variant, parameters.costs, asked.skew);
  const planned = plan(setup);
  const at = run(planned, scenario.offered, scenario.span);
  const limit = findLimit(planned, scenario.offered, at, asked.boundMs, scenario.span);
  const machines = machinesOf(setup, parameters, { jobsPerSecond: scenario.offered, prices: asked.prices });
  return prefixed(`scenario.${scenario.key}.${variant.key}`, {
    ...prefixed("offered", {
      ...prefixed("used", at.utilisation),
      done: at.done,
      p50_ms: at.p50,
      p99_ms: at.p99,
      flushing: at.flushing,
      ...(at.hits !== undefined && { hits: at.hits }),
    }),
    ...prefixed("limit", {
      ...prefixed("used", limit.broken.utilisation),
      ...prefixed("slowest", limit.broken.slowest),
      jobs_per_s: limit.kept?.offered ?? 0,
    }),
    ...prefixed("machines", {
      cores: machines.cores,
      memory_gb: machines.memoryGb,
      disk_gb: machines.diskGb,
      log_gb_a_day: machines.logGbADay,
      money: machines.money,
    }),
  });
}

function prefixed(prefix: string, figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${prefix}.${name}`, value]));
}

const rounded = (figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(4))]));

/** The largest error of each group, either way. */
function goals(figures: Figures) {
  return [...Map.groupBy(errors(figures), ({ group }) => group)].map(([group, all]) => ({
    name: `simulated against measured, largest error, ${group}`,
    value: Math.round(Math.max(...all.map(({ error }) => Math.abs(error))) * 100),
    goal: GOAL * 100,
    direction: "<=" as const,
    unit: "%",
  }));
}
