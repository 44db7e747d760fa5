import { fileURLToPath } from "node:url";
import type { Bench } from "./bench.ts";
import { report } from "./chaos/report.ts";
import { runChaos } from "./chaos/run.ts";

/** The built command, as a user's shell runs it. */
const cli = fileURLToPath(new URL("../apps/server/dist/cli.js", import.meta.url));

export const bench: Bench = {
  summary:
    "2 API nodes, 3 workers and 32 clients while a process is killed every 2 s, PostgreSQL restarted, a listener cut, and images and database fail in four ways for 10 s each",
  options: [
    ["--jobs <count>", "enrolments, and as many searches (default 2000)"],
    ["--rate <number>", "jobs that may begin per second, so that the storm lasts (default 20)"],
  ],
  async run(options) {
    const chaos = await runChaos({
      command: [process.execPath, cli],
      jobs: Number(options.jobs ?? 2_000),
      jobsPerSecond: Number(options.rate ?? 20),
      watchMs: 300_000,
      faults: true,
      onProgress: (text) => console.error(text),
    });
    const ledger = report(chaos);
    // A ledger that does not add up fails whoever runs it, e.g. a pipeline.
    if (ledger.goals.some(({ direction, value, goal }) => (direction === "<=" ? value > goal : value < goal)))
      process.exitCode = 1;
    return ledger;
  },
};
