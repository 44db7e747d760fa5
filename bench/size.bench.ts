import { execFileSync } from "node:child_process";
import path from "node:path";
import type { Bench } from "./bench.ts";

const core = path.resolve(import.meta.dirname, "../packages/core");
/** kB = 1,000 bytes, as size-limit counts. */
const GOAL_KB = 12;

export const bench: Bench = {
  summary: "what the client weighs in a page: minified, brotli, with its dependencies",
  async run() {
    const output = execFileSync("pnpm", ["exec", "size-limit", "--json"], { cwd: core, encoding: "utf8" });
    const sizes = JSON.parse(output) as { name: string; size: number }[];
    const kilobytes = (size: number) => Math.round(size / 10) / 100;
    return {
      tables: [{ title: "Size", rows: sizes.map(({ name, size }) => ({ what: name, kB: kilobytes(size) })) }],
      figures: { "size.client_kb": kilobytes(sizes[0]?.size ?? Number.NaN) },
      goals: [
        {
          name: "client with dependencies",
          value: kilobytes(sizes[0]?.size ?? Number.NaN),
          goal: GOAL_KB,
          direction: "<=",
          unit: "kB",
        },
      ],
    };
  },
};
