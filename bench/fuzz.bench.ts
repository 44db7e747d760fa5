import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Bench } from "./bench.ts";
import { fuzz } from "./fuzz/run.ts";
import { round } from "./gateway/figures.ts";
import { startCommand } from "./lib/command.ts";

const DEFAULT_CASES = 1_000_000;
/** Seeds of one run are told apart, and each is printed before it begins. */
const CASES_A_SEED = 20_000;

export const bench: Bench = {
  summary:
    "random images, requests, forms and GraphQL against the built server: it lives, tells no 500, repeats nothing, and keeps its memory",
  options: [
    ["--cases <n>", `how many (default ${DEFAULT_CASES})`],
    ["--seed <n>", "the first seed; the clock's otherwise"],
  ],
  async run({ cases, seed }) {
    const data = await mkdtemp(path.join(tmpdir(), "prosopon-fuzz-"));
    const server = await startCommand(data, ["--threads", "1"]);
    const [all, first] = [Number(cases ?? DEFAULT_CASES), Number(seed ?? Date.now() % 2 ** 31)];
    let [done, slowest, grown] = [0, 0, 0];
    try {
      for (let at = first; done < all; at++) {
        console.log(`seed ${at}: ${done} of ${all} cases done`);
        const report = await fuzz(server, { cases: Math.min(CASES_A_SEED, all - done), seed: at });
        done += Object.values(report.cases).reduce((sum, count) => sum + count, 0);
        slowest = Math.max(slowest, report.slowestMs);
        grown = report.grownMb;
      }
    } finally {
      await server.stop();
      await rm(data, { recursive: true, force: true });
    }
    return {
      tables: [
        {
          title: "Fuzzing",
          rows: [
            {
              cases: done,
              "slowest answer, ms": round(slowest),
              "growth in the last round, MB": round(grown),
            },
          ],
        },
      ],
      figures: { cases: done, "slowest.ms": round(slowest), "grown.mb": round(grown) },
      goals: [
        { name: "slowest answer", value: round(slowest), goal: 2_000, direction: "<=", unit: "ms" },
        {
          name: "memory that the last round of cases added",
          value: round(grown),
          goal: 30,
          direction: "<=",
          unit: "MB",
        },
      ],
    };
  },
};
