import { bottleneck } from "./bottleneck.ts";
import { COMPARISONS } from "./comparisons.ts";
import type { Figures } from "./parameters.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import { PATIENCE_MS } from "./setup.ts";
import type { Report } from "../bench.ts";

type Table = Report["tables"][number];

/** What a figure's part means. */
const RESOURCES: Record<string, string> = {
  api: "API nodes' main threads",
  worker_cores: "workers' cores",
  worker_main: "a worker's main thread",
  database_cores: "PostgreSQL's cores",
  replica_cores: "the replica's cores",
  connections: "a node's database connections",
  head: "the busiest account's head",
};
const STEPS: Record<string, string> = {
  api: "the API node",
  queue: "waiting to be claimed",
  claim: "the claim",
  inference: "inference and its queue",
  load: "loading a gallery",
  scan: "the scan and its queue",
  database_scan: "the scan in PostgreSQL",
  reads: "reads",
  finish: "writing the end",
};

/** Figures below a prefix, by what remains of their names. */
export function below(figures: Figures, prefix: string): Figures {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, value]) =>
      name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), value]] : [],
    ),
  );
}

/** All that the page shows, from the kept figures alone. */
export function tables(figures: Figures): Table[] {
  return [
    comparisons(figures),
    ...SCENARIOS.flatMap((scenario) => [limits(scenario, figures), costs(scenario, figures)]),
    ...parameters(figures),
  ];
}

export interface Off {
  group: string;
  /** Relative: 0.1 where the simulation gives 1.1 times what was measured. */
  error: number;
}

/** Of the simulation against what was measured, wherever it was. */
export function errors(figures: Figures): Off[] {
  return compared(figures).map(({ comparison: { group }, simulated, measured }) => ({
    group,
    error: simulated / measured - 1,
  }));
}

function compared(figures: Figures) {
  return COMPARISONS.flatMap((comparison) =>
    [
      ["scale", "bench scale --measure"],
      ["cluster", "bench cluster"],
    ].flatMap(([key, by]) => {
      const { simulated, measured } = below(figures, `compare.${key}.${comparison.figure}`);
      return measured === undefined || simulated === undefined
        ? []
        : [{ comparison, by: by!, simulated, measured }];
    }),
  );
}

function comparisons(figures: Figures): Table {
  return {
    title: "The simulation beside what was measured",
    rows: compared(figures).map(({ comparison: { what, unit }, by, simulated, measured }) => ({
      what,
      simulated: `${short(simulated)} ${unit}`,
      measured: `${short(measured)} ${unit}`,
      error: `${Math.round((simulated / measured - 1) * 100)} %`,
      by,
    })),
  };
}

const words = (slug: string) => slug.replaceAll("_", " ");

function parameters(figures: Figures): Table[] {
  const all = Object.entries(below(figures, "parameter")).map(([name, value]) => {
    const [source = "", what = "", unit = ""] = name.split(".");
    return { source: words(source).replace("decisions ", "decisions/"), what: words(what), unit, value };
  });
  const pairs = Map.groupBy(
    all.filter(({ unit }) => unit === "database_ms" || unit === "node_ms"),
    ({ what }) => what,
  );
  const singles = all.filter(({ unit }) => unit !== "database_ms" && unit !== "node_ms");
  const units: Record<string, string> = {
    core_ms: "ms of a core",
    elapsed_ms: "ms",
    percent: "%",
    exponent: "",
  };
  return [
    {
      title: "What it builds on: transactions, in ms of a core",
      rows: [...pairs].map(([what, sides]) => ({
        what,
        PostgreSQL: sides.find(({ unit }) => unit === "database_ms")?.value ?? "",
        "the node": sides.find(({ unit }) => unit === "node_ms")?.value ?? "",
        by: sides[0]!.source,
      })),
    },
    {
      title: "What it builds on: everything else",
      rows: singles.map(({ what, value, unit, source }) => ({
        what,
        value,
        unit: units[unit] ?? words(unit),
        by: source,
      })),
    },
  ];
}

/** At the load offered, and where it ends. */
function limits({ key, title, offered, variants }: Scenario, figures: Figures): Table {
  return {
    title: `${title}: ${offered} jobs/s offered, and the load at which it ends`,
    rows: variants.map((variant) => {
      const of = below(figures, `scenario.${key}.${variant.key}`);
      const value = (name: string) => of[name] ?? Number.NaN;
      const { resource, slowest } = bottleneck({
        utilisation: below(of, "limit.used"),
        slowest: below(of, "limit.slowest"),
      });
      return {
        with: variant.title,
        "done, jobs/s": short(value("offered.done")),
        "p50, ms": milliseconds(value("offered.p50_ms")),
        "p99, ms": milliseconds(value("offered.p99_ms")),
        "limit, jobs/s": value("limit.jobs_per_s") > 0 ? short(value("limit.jobs_per_s")) : "none",
        "at its limit": resource
          ? `${RESOURCES[resource]}, ${Math.round(value(`limit.used.${resource}`) * 100)} %`
          : "no resource",
        "the slowest wait for": STEPS[slowest] ?? slowest,
      };
    }),
  };
}

function costs({ key, title, offered, variants }: Scenario, figures: Figures): Table {
  return {
    title: `${title}: what it takes at ${offered} jobs/s`,
    rows: variants.map((variant) => {
      const of = below(figures, `scenario.${key}.${variant.key}`);
      const used = (name: string) => `${Math.round((of[`offered.used.${name}`] ?? 0) * 100)} %`;
      return {
        with: variant.title,
        "API, used": used("api"),
        "workers' cores": used("worker_cores"),
        "main threads": used("worker_main"),
        PostgreSQL: used("database_cores"),
        "log flushing": `${Math.round((of["offered.flushing"] ?? 0) * 100)} %`,
        "galleries found":
          of["offered.hits"] === undefined ? "" : `${Math.round(of["offered.hits"] * 100)} %`,
        cores: of["machines.cores"] ?? 0,
        "memory, GB": short(of["machines.memory_gb"] ?? 0),
        "disk, GB": short(of["machines.disk_gb"] ?? 0),
        "log, GB/day": short(of["machines.log_gb_a_day"] ?? 0),
        "a month": short(of["machines.money"] ?? 0),
      };
    }),
  };
}

/** Two digits below ten, else none. */
function short(value: number): string {
  const digits = Math.abs(value) < 10 ? Number(value.toPrecision(2)) : Math.round(value);
  return digits.toLocaleString("en");
}

/** What took longer than the patience of a run was not waited for. */
const milliseconds = (value: number) => (value >= PATIENCE_MS ? `over ${short(PATIENCE_MS)}` : short(value));
