/** Writes what the benches measured of load and of large galleries into docs/scale.md. With `--check` it only compares. */
import { writeBetween } from "./between.ts";
import { figureTable, machines, type Row } from "./results.ts";

const sizes = ["10000", "100000", "1000000"];
const embedded = (figure: string) => sizes.map((size) => `search.clustered.${size}.${figure}`);
const postgres = (figure: string) => ["100k", "1M"].map((size) => `search.${size}.${figure}`);
const fairness = (prefix: string) =>
  ["idle", "beside_imports", "busy"].map((when) => `${prefix}.${when}_p50_ms`);

const jobs: Row[] = [
  [
    "photos a second, one thread and two",
    "engine",
    ["faces_per_second.one_thread", "faces_per_second.two_threads"],
    "",
  ],
  [
    "enrolments of one photo a second, one worker of one thread and two such workers",
    "cluster",
    ["workers.one_jobs_per_s", "workers.two_jobs_per_s"],
    "",
  ],
  ["what the queue adds to a job, median", "cluster", ["queue.overhead_p50_ms"], "ms"],
  [
    "jobs a second with nothing to do in them, of 200 accounts, one worker and two",
    "cluster",
    ["queue.one_worker_jobs_per_s", "queue.two_workers_jobs_per_s"],
    "",
  ],
  ["the same of one account, two workers", "cluster", ["queue.one_account_jobs_per_s"], ""],
];

const beside: Row[] = [
  ["inference on another machine", "cluster", fairness("fairness"), "ms"],
  ["inference on the same two cores", "cluster", fairness("fairness.real"), "ms"],
];

const search: Row[] = [
  ["one process: median among 10,000, 100,000 and 1 million faces", "search", embedded("p50_ms"), "ms"],
  ["one process: 99th percentile", "search", embedded("p99_ms"), "ms"],
  [
    "one process: the first search after a start, loading included",
    "search",
    embedded("first_search_ms"),
    "ms",
  ],
  [
    "PostgreSQL, account in a worker's memory: median among 100,000 and 1 million faces",
    "cluster",
    postgres("memory_p50_ms"),
    "ms",
  ],
  ["PostgreSQL, account in a worker's memory: 99th percentile", "cluster", postgres("memory_p99_ms"), "ms"],
  [
    "PostgreSQL, account not in memory, a scan by pgvector: median",
    "cluster",
    postgres("pgvector_p50_ms"),
    "ms",
  ],
  [
    "PostgreSQL, account not in memory, a scan by pgvector: 99th percentile",
    "cluster",
    postgres("pgvector_p99_ms"),
    "ms",
  ],
  ["memory of a face, by the million", "search", ["search.clustered.1000000.memory_bytes_per_face"], "bytes"],
  [
    "disk of a face, by the million (SQLite)",
    "search",
    ["search.clustered.1000000.disk_bytes_per_face"],
    "bytes",
  ],
];

const http: Row[] = [
  [
    "search with one photo of 640 x 480, over HTTP and by the engine alone, median",
    "serve",
    ["search.p50_ms", "search.bare_p50_ms"],
    "ms",
  ],
  [
    "enrolment with two photos of 12 megapixels, over HTTP and by the engine alone, median",
    "serve",
    ["create.p50_ms", "create.bare_p50_ms"],
    "ms",
  ],
  ["memory at rest and after work", "serve", ["memory.rest_mb", "memory.after_work_mb"], "MB"],
];

writeBetween("docs/scale.md", {
  jobs: figureTable(jobs),
  beside: figureTable(beside),
  search: figureTable(search),
  http: figureTable(http),
  machines: `Machines: ${machines(["engine", "search", "serve", "cluster"])}.`,
});
