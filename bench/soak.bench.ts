import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Bench } from "./bench.ts";
import { round } from "./gateway/figures.ts";
import { login } from "./lib/command.ts";
import { soak, startSoaked } from "./soak/run.ts";

const DEFAULT_MINUTES = 10;

export const bench: Bench = {
  summary:
    "enrolments, searches, subscriptions, deletions, refused and broken-off uploads at full load: what memory and handles are left over",
  options: [["--minutes <n>", `how long, after a warm-up of 0.4 times that (default ${DEFAULT_MINUTES})`]],
  async run({ minutes }) {
    const root = await mkdtemp(path.join(tmpdir(), "prosopon-soak-"));
    const started = await startSoaked(root, ["--threads", "2"]);
    try {
      const ms = Number(minutes ?? DEFAULT_MINUTES) * 60_000;
      const { done, server, tree, before, after } = await soak(
        started,
        await login(started.url, started),
        ms,
      );
      const growth = ({ warmMb, endMb }: typeof server) => round(100 * (endMb / warmMb - 1));
      const left = (what: keyof typeof before) => Math.max(0, after[what] - before[what]);
      const none = { goal: 0, direction: "<=", unit: "of them" } as const;
      return {
        tables: [
          {
            title: "Done, each answered as it should be",
            rows: Object.entries(done).map(([what, times]) => ({ what, times })),
          },
          {
            title: "Memory, medians of each sixth of the time, MB",
            rows: [
              { of: "server", ...numbered(server.sixths) },
              { of: "server and decoders", ...numbered(tree.sixths) },
            ],
          },
        ],
        figures: {
          "memory.warm_mb": round(server.warmMb),
          "memory.end_mb": round(server.endMb),
          "memory.growth_percent": growth(server),
          "tree.warm_mb": round(tree.warmMb),
          "tree.end_mb": round(tree.endMb),
          "tree.growth_percent": growth(tree),
          "left.handles": left("handles"),
          "left.processes": left("processes"),
          "left.files": left("files"),
        },
        goals: [
          {
            name: "resident memory after warm-up against the end",
            value: growth(server),
            goal: 3,
            direction: "<=",
            unit: "%",
          },
          {
            name: "the same with the decoders",
            value: growth(tree),
            goal: 3,
            direction: "<=",
            unit: "%",
          },
          { name: "file handles and sockets left over", value: left("handles"), ...none },
          { name: "processes left over", value: left("processes"), ...none },
          { name: "images and temporary files left over", value: left("files"), ...none },
        ],
      };
    } finally {
      await started.stop();
      await rm(root, { recursive: true, force: true });
    }
  },
};

const numbered = (values: number[]): Record<string, number> =>
  Object.fromEntries(values.map((value, at) => [at + 1, round(value)]));
