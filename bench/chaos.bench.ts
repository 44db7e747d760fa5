import { fileURLToPath } from "node:url";
import type { Bench } from "./bench.ts";
import { report } from "./chaos/report.ts";
import { runChaos } from "./chaos/run.ts";
import { misses, together } from "./chaos/together.ts";

/** The built command, as a user's shell runs it. */
const cli = fileURLToPath(new URL("../apps/server/dist/cli.js", import.meta.url));

/** Of the jobs, for images in object storage: long enough for the kills, the restart and the fault there. */
const OBJECTS_PART = 0.15;

export const bench: Bench = {
  summary:
    "2 API nodes, 3 workers and 32 clients while a process is killed every 2 s, PostgreSQL restarted, a listener cut, and images and database fail in five ways for 10 s each",
  options: [
    ["--jobs <count>", "enrolments, and as many searches (default 2000)"],
    ["--rate <number>", "jobs that may begin per second, so that the storm lasts (default 20)"],
  ],
  async run(options) {
    const jobs = Number(options.jobs ?? 2_000);
    const storm = async (images: "directory" | "objects", count: number) =>
      report(
        await runChaos({
          command: [process.execPath, cli],
          jobs: count,
          jobsPerSecond: Number(options.rate ?? 20),
          watchMs: 300_000,
          images,
          faults: true,
          onProgress: (text) => console.error(text),
        }),
      );
    const ledger = together([
      { name: "images in a directory", report: await storm("directory", jobs) },
      { name: "images in object storage", report: await storm("objects", Math.ceil(jobs * OBJECTS_PART)) },
    ]);
    // A ledger that does not add up fails whoever runs it, e.g. a pipeline.
    if (ledger.goals.some(misses)) process.exitCode = 1;
    return ledger;
  },
};
