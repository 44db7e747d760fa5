import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { postgresUnavailable } from "../../tools/postgres.ts";
import { HARD_RESTARTS, report } from "../chaos/report.ts";
import { runChaos } from "../chaos/run.ts";

const cli = fileURLToPath(new URL("../../apps/server/dist/cli.js", import.meta.url));
const unavailable = process.env.PROSOPON_TEST_REQUIRE_POSTGRES ? undefined : postgresUnavailable();
/** What a server that is not ours cannot show, in words: `pnpm bench chaos` shows it as missed. */
const notOurs = process.env.PROSOPON_TEST_DATABASE_URL
  ? "without the hard restart, as PROSOPON_TEST_DATABASE_URL names a server that is not ours to restart"
  : undefined;
/** `pnpm bench chaos` has 2,000 of each. */
const JOBS = 150;

describe("two API nodes and three workers, one of them killed every two seconds", () => {
  it.skipIf(unavailable ?? false)(
    `end every acknowledged job exactly once, enrol nobody twice and tell every subscriber${unavailable || notOurs ? `: ${unavailable ?? notOurs}` : ""}`,
    async ({ signal }) => {
      const chaos = await runChaos({
        command: [process.execPath, cli],
        jobs: JOBS,
        jobsPerSecond: 8,
        watchMs: 300_000,
        signal,
        onProgress: (text) => console.log(text),
      });
      const { tables, goals } = report(chaos);
      for (const { title, rows } of tables) {
        console.log(title);
        console.table(rows);
      }
      for (const { name, value, goal, direction } of goals) {
        if (notOurs && name === HARD_RESTARTS) continue;
        if (direction === "<=") expect(value, name).toBeLessThanOrEqual(goal);
        else expect(value, name).toBeGreaterThanOrEqual(goal);
      }
    },
  );
});
