import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { login } from "../lib/command.ts";
import { soak, startSoaked } from "../soak/run.ts";

/** The short form of `pnpm bench soak`; memory needs its ten minutes. */
describe("a server under full load of every kind", () => {
  it("leaves no handle, socket, process, image or temporary file behind", { timeout: 600_000 }, async () => {
    const root = await mkdtemp(path.join(tmpdir(), "prosopon-soak-"));
    const server = await startSoaked(root, ["--threads", "1"]);
    try {
      const { done, before, after } = await soak(server, await login(server.url, server), 10_000);
      expect(Object.keys(done)).toHaveLength(7);
      expect(after.handles).toBeLessThanOrEqual(before.handles);
      expect(after.processes).toBeLessThanOrEqual(before.processes);
      expect(after.files).toBeLessThanOrEqual(before.files);
      expect(server.log.filter((line) => /"level":[56]0/.test(line))).toEqual([]);
    } finally {
      await server.stop();
      await rm(root, { recursive: true, force: true });
    }
  });
});
