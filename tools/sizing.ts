/** Writes what the benches kept into docs/operations.md, for whoever chooses a size. With `--check` it only compares. */
import { writeBetween } from "./between.ts";
import { figureTable } from "./results.ts";

writeBetween("docs/operations.md", {
  sizing: figureTable([
    [
      "photos a second, one thread and two",
      "engine",
      ["faces_per_second.one_thread", "faces_per_second.two_threads"],
      "",
    ],
    [
      "search among 100,000 and 1 million faces of one account in memory, median",
      "search",
      ["search.clustered.100000.p50_ms", "search.clustered.1000000.p50_ms"],
      "ms",
    ],
    [
      "the same by a scan in PostgreSQL",
      "cluster",
      ["search.100k.pgvector_p50_ms", "search.1M.pgvector_p50_ms"],
      "ms",
    ],
    [
      "memory of a face, by the million",
      "search",
      ["search.clustered.1000000.memory_bytes_per_face"],
      "bytes",
    ],
    ["disk of a face (SQLite)", "search", ["search.clustered.1000000.disk_bytes_per_face"], "bytes"],
    [
      "memory of one process with everything, at rest and after work",
      "serve",
      ["memory.rest_mb", "memory.after_work_mb"],
      "MB",
    ],
    ["what the queue adds to a job on PostgreSQL", "cluster", ["queue.overhead_p50_ms"], "ms"],
  ]),
});
