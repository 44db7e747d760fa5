import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Bench } from "./bench.ts";
import { round } from "./gateway/figures.ts";
import { login, startCommand } from "./lib/command.ts";
import { soak } from "./soak/run.ts";

const DEFAULT_MINUTES = 10;

export const bench: Bench = {
  summary:
    "enrolments, searches, subscriptions, deletions, refused and broken-off uploads at full load: what memory and handles are left over",
  options: [["--minutes <n>", `how long (default ${DEFAULT_MINUTES})`]],
  async run({ minutes }) {
    const data = await mkdtemp(path.join(tmpdir(), "prosopon-soak-"));
    const server = await startCommand(data, ["--threads", "2"]);
    try {
      const ms = Number(minutes ?? DEFAULT_MINUTES) * 60_000;
      const { done, warmMb, endMb, before, after } = await soak(
        server,
        data,
        await login(server.url, server),
        ms,
      );
      const growth = 100 * (endMb / warmMb - 1);
      const left = (what: keyof typeof before) => Math.max(0, after[what] - before[what]);
      return {
        tables: [{ title: "Done", rows: Object.entries(done).map(([what, times]) => ({ what, times })) }],
        figures: {
          "memory.warm_mb": round(warmMb),
          "memory.end_mb": round(endMb),
          "memory.growth_percent": round(growth),
          "left.handles": left("handles"),
          "left.processes": left("processes"),
          "left.images": left("images"),
        },
        goals: [
          {
            name: "resident memory after warm-up against the end",
            value: round(growth),
            goal: 3,
            direction: "<=",
            unit: "%",
          },
          {
            name: "file handles and sockets left over",
            value: left("handles"),
            goal: 0,
            direction: "<=",
            unit: "of them",
          },
          {
            name: "processes left over",
            value: left("processes"),
            goal: 0,
            direction: "<=",
            unit: "of them",
          },
          { name: "images left over", value: left("images"), goal: 0, direction: "<=", unit: "of them" },
        ],
      };
    } finally {
      await server.stop();
      await rm(data, { recursive: true, force: true });
    }
  },
};
