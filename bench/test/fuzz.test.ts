import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { fuzz } from "../fuzz/run.ts";
import { startCommand } from "../lib/command.ts";

/** The short form of `pnpm bench fuzz`; each run of the tests has cases of its own, and a failure prints their seed. */
describe("twenty thousand random images, requests, forms and documents", () => {
  it("end nothing, meet no 500, and are not repeated", { timeout: 600_000 }, async () => {
    const data = await mkdtemp(path.join(tmpdir(), "prosopon-fuzz-"));
    const server = await startCommand(data, ["--threads", "1"]);
    try {
      // Memory is `bench fuzz`'s: what a new server grows by in its first minute is no leak.
      const { cases } = await fuzz(server, { cases: 20_000, seed: Date.now() % 2 ** 31 });
      expect(Object.values(cases).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(20_000);
    } finally {
      await server.stop();
      await rm(data, { recursive: true, force: true });
    }
  });
});
