import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Costs, Transaction } from "./costs.ts";

export type Figures = Record<string, number>;

export interface Parameters {
  costs: Costs;
  /** Of the log for each job, of disk and of a node's memory for each face. */
  bytes: { searchLog: number; enrolmentLog: number; disk: number; memory: number };
  /** All of them by where they come from, what they are and their unit: `bench_engine.a_photo.core_ms`. */
  figures: Figures;
}

/** Where a bench was not kept: what the decision says that it printed. */
const STATED: Record<string, { value: number; source: string }> = {
  "search.1M.pgvector_p50_ms": { value: 308, source: "decisions_023" },
};
/** Faces of the account that `bench cluster` searches in its million. */
const CLUSTER_MILLIONS = 0.9;

const results = path.resolve(import.meta.dirname, "../results");

/** What `pnpm bench NAME --save` kept; nothing where it was not run. */
export function figuresOf(name: string): Figures {
  const file = path.join(results, `${name}.json`);
  if (!existsSync(file)) return {};
  return (JSON.parse(readFileSync(file, "utf8")) as { figures: Figures }).figures;
}

const PREFIX = "measured.";

/** What `--measure` gave when it was last kept; undefined before. */
export function keptMeasures(): Figures | undefined {
  const own = Object.entries(figuresOf("scale")).filter(([name]) => name.startsWith(PREFIX));
  if (own.length === 0) return undefined;
  return Object.fromEntries(own.map(([name, value]) => [name.slice(PREFIX.length), value]));
}

export function toKeep(measured: Figures): Figures {
  return Object.fromEntries(Object.entries(measured).map(([name, value]) => [PREFIX + name, value]));
}

/** On one machine, as in a bench: nothing is further away than the machine's own loopback and directory. */
export function readParameters(measured: Figures): Parameters {
  const figures: Figures = {};
  const note = (source: string, what: string, unit: string, value: number): number => {
    figures[`${source}.${what}.${unit}`] = Number(value.toPrecision(3));
    return value;
  };
  const own = (name: string): number => {
    const value = measured[name];
    if (value === undefined) throw new Error(`Nothing gives ${name}: run \`pnpm bench scale --measure\`.`);
    return value;
  };
  const of = (bench: string, name: string) => {
    const value = figuresOf(bench)[name];
    const found = value === undefined ? STATED[name] : { value, source: `bench_${bench}` };
    if (!found) throw new Error(`Nothing gives ${name}: run \`pnpm bench ${bench} --save\`.`);
    return found;
  };

  const self = "bench_scale_--measure";
  const cost = (what: string, name: string, less = { databaseMs: 0, nodeMs: 0 }) => ({
    databaseMs: note(self, what, "database_ms", own(`${name}.database_ms`) - less.databaseMs),
    nodeMs: note(self, what, "node_ms", own(`${name}.node_ms`) - less.nodeMs),
  });
  const notify = cost("a_notification", "notify");
  // Each transaction was followed by a notification, which the simulation sends by itself.
  const transaction = (what: string, name: string, statements: number): Transaction => ({
    statements,
    ...cost(what, name, notify),
  });
  const enqueue = transaction("enqueue", "search.enqueue", 2);
  const one = transaction("claim_of_one_job", "claim_one", 2);
  const four = transaction("claim_of_four_jobs", "claim_four", 2);
  const each = (side: "databaseMs" | "nodeMs") => Math.max(0, (four[side] - one[side]) / 3);
  const claimEach = { databaseMs: each("databaseMs"), nodeMs: each("nodeMs") };

  const tenth = of("search", "search.clustered.100000.p50_ms");
  const million = of("search", "search.clustered.1000000.p50_ms");
  const perMillion = (million.value - tenth.value) / 0.9;
  const pgvector = of("cluster", "search.1M.pgvector_p50_ms");
  const [search, bare] = [of("serve", "search.p50_ms"), of("serve", "search.bare_p50_ms")];
  const photo = of("engine", "end_to_end.ms");
  const busy = of("engine", "faces_per_second.two_threads");

  const costs: Costs = {
    enqueue,
    claim: {
      statements: 2,
      databaseMs: one.databaseMs - claimEach.databaseMs,
      nodeMs: one.nodeMs - claimEach.nodeMs,
    },
    claimEach,
    claimNone: { statements: 1, ...cost("claim_that_finds_nothing", "claim_none") },
    finish: [
      transaction("finish_of_a_search", "search.finish", 3),
      transaction("finish_of_an_enrolment", "enrol.finish", 6),
    ],
    read: cost("a_read", "read"),
    notify,
    heard: cost("each_process_that_hears_it", "heard"),
    headsPer1000: cost("reading_1,000_heads", "heads_per_1000"),
    loadPer1000: cost("loading_1,000_faces", "load_per_1000"),
    scanMs: note(tenth.source, "a_scan_in_memory", "core_ms", tenth.value - perMillion / 10),
    scanPerMillionMs: note(million.source, "and_for_each_million_faces", "core_ms", perMillion),
    databaseScanPerMillionMs: note(
      pgvector.source,
      "a_scan_in_PostgreSQL_for_each_million_faces",
      "core_ms",
      pgvector.value / CLUSTER_MILLIONS,
    ),
    photoMs: note(photo.source, "inference_of_a_photo,_other_cores_idle", "core_ms", photo.value),
    photoAllBusyMs: note(busy.source, "the_same,_all_cores_busy", "core_ms", 2_000 / busy.value),
    apiMs: note(search.source, "HTTP_of_a_job,_at_most", "core_ms", search.value - bare.value),
    flushMs: note(self, "a_flush_of_the_log", "elapsed_ms", own("log.flush_ms")),
    roundTripMs: note(
      self,
      "a_statement's_way_on_one_machine",
      "elapsed_ms",
      Math.max(0, own("read.wall_ms") - own("read.database_ms") - own("read.node_ms")),
    ),
    blobMs: 0,
  };
  const memory = of("search", "search.clustered.1000000.memory_bytes_per_face");
  const logOf = (kind: string) =>
    own("search.enqueue.log_bytes") + own("claim_one.log_bytes") + own(`${kind}.finish.log_bytes`);
  const bytes = {
    searchLog: note(self, "log_of_a_search", "bytes", logOf("search")),
    enrolmentLog: note(self, "log_of_an_enrolment", "bytes", logOf("enrol")),
    disk: note(self, "disk_of_a_face,_one_photo_a_person", "bytes", own("disk.bytes_per_face")),
    memory: note("bench_search", "memory_of_a_face_in_a_node", "bytes", memory.value),
  };
  return { costs, bytes, figures };
}
