import type { Goal, Report } from "../bench.ts";
import { failureOf, byTag } from "./ledger.ts";
import type { Chaos } from "./run.ts";
import { KILL_MS } from "./storm.ts";

type Row = Record<string, string | number>;

/** Of the kills that the storm's length has room for: a kill may wait for a process to be there, and the last one for its time. */
const KILLS_KEPT = 0.8;
/** Cannot be reached on a server that is not ours. */
export const HARD_RESTARTS = "hard restarts of PostgreSQL";

/** The ledger as tables, figures and goals. */
export function report(chaos: Chaos): Report {
  const { fates, weather, crowd, audit, swept, breaches, unfound } = chaos;
  const { attempts, sights, streams, refreshes } = crowd;
  const acknowledged = attempts.filter(({ jobId }) => jobId !== undefined);
  const kept = new Set(acknowledged.map(({ jobId }) => jobId));
  const tags = byTag(attempts);
  const failed = audit.jobs.filter(({ status }) => status === "Failed");
  const reasons = Map.groupBy(failed, (job) => failureOf(job, tags));
  const unknown = audit.jobs.filter(({ id }) => !kept.has(id)).length;
  const waits = sights.flatMap(({ ms }) => ms ?? []).toSorted((a, b) => a - b);
  const killsOf = (...roles: string[]) => sum(fates, ({ role, kills }) => (roles.includes(role) ? kills : 0));
  const enrolments = acknowledged.filter(({ kind }) => kind === "enrol");
  const left = audit.images.unneeded.length;
  const tries = audit.jobs.map((job) => job.attempts);

  const ledger: [string, string | number][] = [
    ["POSTs sent", attempts.length],
    ["enrolments acknowledged", enrolments.length],
    ["… of them by the documented route, without an external id", count(enrolments, ({ named }) => !named)],
    ["searches acknowledged", acknowledged.length - enrolments.length],
    ["POSTs without an acknowledgement (repeated)", attempts.length - acknowledged.length],
    ["jobs in the database", audit.jobs.length],
    ["… of POSTs without an acknowledgement, and the searches afterwards", unknown],
    ["ended Succeeded", audit.jobs.filter(({ status }) => status === "Succeeded").length],
    [
      "ended Failed: the repeat of an enrolment that had been carried out",
      reasons.get("repeated")?.length ?? 0,
    ],
    ["ended Failed: given up, every try having ended with its process", reasons.get("given up")?.length ?? 0],
    ["jobs tried more than once", tries.filter((count) => count > 1).length],
    ["most tries of a job", Math.max(...tries)],
    ["identities in the database", audit.identities.length],
    [
      "… of POSTs without an acknowledgement, and of the searches afterwards",
      audit.identities.length -
        count(
          audit.jobs,
          ({ id, kind, status }) => kept.has(id) && kind === "enrol" && status === "Succeeded",
        ),
    ],
    [
      "job watches, by core and by GraphQL",
      (["core", "graphql"] as const).map((by) => count(sights, (each) => each.by === by)).join(" + "),
    ],
    [
      "account streams, by SSE, WebSocket and GraphQL",
      (["sse", "websocket", "graphql"] as const)
        .map((by) => count(streams, (each) => each.by === by))
        .join(" + "),
    ],
    ["changes told to account streams", sum(streams, ({ told }) => told.length)],
    [
      "GraphQL streams begun again after their cursor",
      sum(streams, ({ resumed }) => sum([...resumed.values()], (n) => n)),
    ],
    [
      "token refreshes, of them without an answer or refused",
      `${sum([...refreshes.values()], (n) => n)}, ${sum([...refreshes], ([how, n]) => (how === "done" ? 0 : n))}`,
    ],
    [
      "images left in the shared place that no job needs, before the sweep and after it",
      `${left}, ${swept.unneeded.length}`,
    ],
  ];
  const first = Math.min(...attempts.map(({ at }) => at));
  const silence = longestGap(
    acknowledged.map(({ at }) => at),
    first,
  );
  return {
    tables: [
      { title: "Ledger", rows: ledger.map(([what, value]) => ({ what, value })) },
      { title: "Processes", rows: fates.map(processRow) },
      { title: "Outages", rows: outages(chaos, silence) },
      {
        title: "Faults",
        rows: weather.passed.map(({ name, ms, probes, wrong }) => ({
          what: name,
          "lasted, ms": Math.round(ms),
          "/readyz of whom it affected": probes,
          "of them 200": wrong,
        })),
      },
      {
        title: "Breaches",
        rows: breaches.map(({ what, count, examples }) => ({ what, count, examples: examples.join("; ") })),
      },
      {
        title: "POSTs without an acknowledgement",
        rows: tally(attempts.flatMap(({ failure }) => failure ?? [])),
      },
      {
        title: "Why GraphQL streams began again",
        rows: rowsOf(merge(streams.map(({ resumed }) => resumed))),
      },
      { title: "Warnings and errors in the processes' logs", rows: rowsOf(chaos.logged) },
    ].filter(({ rows }) => rows.length > 0),
    figures: {
      "jobs.acknowledged": acknowledged.length,
      "jobs.tried_more_than_once": tries.filter((count) => count > 1).length,
      "jobs.given_up": reasons.get("given up")?.length ?? 0,
      "kills.api": killsOf("api"),
      "kills.worker": killsOf("worker"),
      "kills.storm_s": Math.round(weather.ms / 1_000),
      "outage.postgres_restart_ms": Math.round(weather.databaseRestartMs ?? 0),
      "outage.longest_without_acknowledgement_ms": Math.round(silence),
      listeners_cut: weather.listenersCut,
      "blobs.left": left,
      "blobs.left_after_sweep": swept.unneeded.length,
      "wait.p50_ms": Math.round(quantile(waits, 0.5)),
      "wait.p99_ms": Math.round(quantile(waits, 0.99)),
      "time.sent_s": Math.round(chaos.sentS),
      "time.ended_s": Math.round(chaos.endedS),
      "time.waited_for_cores_s": Math.round(chaos.machine.waitedS ?? 0),
      "machine.busy": Math.round((chaos.machine.busy ?? 0) * 100) / 100,
    },
    goals: [
      ...breaches.map(({ what, count }): Goal => zero(what, count)),
      zero(
        "processes that crashed by themselves",
        sum(fates, ({ crashes }) => crashes.length),
      ),
      zero("people not found by a search after the storm", unfound),
      zero(
        "answers of /readyz that were 200 on a node that could not do its work",
        sum(weather.passed, ({ wrong }) => wrong),
      ),
      // One at which nobody was asked has shown nothing.
      atLeast(
        "faults that came and passed",
        count(weather.passed, ({ probes }) => probes > 0),
        chaos.faults,
      ),
      zero("jobs given up because their processes were killed", reasons.get("given up")?.length ?? 0),
      atLeast(
        "kills of nodes and workers",
        killsOf("api", "worker"),
        Math.ceil((KILLS_KEPT * weather.ms) / KILL_MS),
      ),
      atLeast("kills of API nodes", killsOf("api"), 1),
      atLeast("kills of workers", killsOf("worker"), 1),
      atLeast(HARD_RESTARTS, weather.hardRestarts, 1),
      atLeast("LISTEN connections cut", weather.listenersCut, 1),
    ],
  };
}

const atLeast = (name: string, value: number, goal: number): Goal => ({
  name,
  value,
  goal,
  direction: ">=",
  unit: "",
});
const zero = (name: string, value: number): Goal => ({ name, value, goal: 0, direction: "<=", unit: "" });
const sum = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0);
const count = <T>(all: readonly T[], which: (one: T) => boolean): number => all.filter(which).length;
const quantile = (sorted: number[], part: number): number =>
  sorted[Math.floor(part * (sorted.length - 1))] ?? 0;

function longestGap(times: number[], first: number): number {
  let last = first;
  let longest = 0;
  for (const time of times.toSorted((a, b) => a - b)) {
    longest = Math.max(longest, time - last);
    last = time;
  }
  return longest;
}

function processRow({
  name,
  kills,
  killedStarting,
  failedStarts,
  crashes,
  recoveries,
}: Chaos["fates"][number]): Row {
  const sorted = recoveries.toSorted((a, b) => a - b);
  return {
    name,
    kills,
    "killed while it started": killedStarting,
    "starts that failed": failedStarts,
    crashes: crashes.join("; ") || 0,
    "back after, p50 ms": Math.round(quantile(sorted, 0.5)),
    "at most, ms": Math.round(sorted.at(-1) ?? 0),
  };
}

function outages({ weather, crowd, sentS, endedS, machine }: Chaos, silence: number): Row[] {
  const { databaseRestartAt: at, databaseRestartMs: ms } = weather;
  const after =
    at === undefined || ms === undefined
      ? undefined
      : Math.min(
          ...crowd.attempts
            .filter(({ jobId, at: answered }) => jobId && answered > at + ms)
            .map((each) => each.at - at),
        );
  return [
    {
      what: `${weather.hardRestarts > 0 ? "hard restart of PostgreSQL" : "cutting all connections to PostgreSQL, which is not ours to restart,"} took, ms`,
      value: Math.round(ms ?? 0),
    },
    { what: "first acknowledgement after its beginning, ms", value: Math.round(after ?? 0) },
    { what: "longest time without an acknowledgement, ms", value: Math.round(silence) },
    { what: "LISTEN connections of API nodes cut", value: weather.listenersCut },
    { what: "last acknowledgement after, s", value: Math.round(sentS) },
    { what: "last end told after, s", value: Math.round(endedS) },
    {
      what: "of these, something that could run waited for a core, s",
      value: Math.round(machine.waitedS ?? 0),
    },
    {
      what: "part of all cores' time that was busy, with anything",
      value: Math.round((machine.busy ?? 0) * 100) / 100,
    },
  ];
}

function tally(names: string[]): Row[] {
  return rowsOf(new Map([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length])));
}

function merge(maps: Map<string, number>[]): Map<string, number> {
  const all = new Map<string, number>();
  for (const map of maps) for (const [name, times] of map) all.set(name, (all.get(name) ?? 0) + times);
  return all;
}

const rowsOf = (counts: Map<string, number>): Row[] =>
  [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, 20)
    .map(([what, times]) => ({ what, times }));
