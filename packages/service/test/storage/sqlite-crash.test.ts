import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openSqliteStorage } from "../../src/storage/sqlite/open.ts";

describe("SQLite storage under kill -9", () => {
  it("loses nothing that was acknowledged, applies nothing twice, and opens at once", async () => {
    const directory = await mkdtemp(join(tmpdir(), "prosopon-crash-"));
    const said: string[] = [];
    const finished = () => said.filter((line) => line.startsWith("done "));
    // At least so often, and until enough was under way to lose: a slow disk does little in a round.
    for (let round = 0; round < 6 || (finished().length <= 20 && round < 60); round++) {
      const script = join(import.meta.dirname, "enrol-until-killed.ts");
      const child = spawn(process.execPath, [
        "--conditions=@prosopon/source",
        script,
        directory,
        "account",
        String(round),
      ]);
      let output = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
      let errors = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
      await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
      await sleep(Math.random() * 300);
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
      expect(errors).toBe("");
      // The last line may be cut short.
      said.push(...output.split("\n").slice(0, -1));
    }
    const sent = said.filter((line) => line.startsWith("sent ")).map((line) => line.slice(5));
    const done = finished().map((line) => line.slice(5));
    expect(done.length).toBeGreaterThan(20);

    const storage = await openSqliteStorage({ directory });
    for (const id of sent) expect(await storage.jobs.get("account", id), id).toBeDefined();
    for (const id of done) {
      expect(await storage.jobs.get("account", id), id).toMatchObject({ status: "Succeeded" });
      expect((await storage.identities.get("account", `identity-${id}`))!.faces, id).toHaveLength(1);
    }
    const succeeded: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await storage.jobs.list(
        "account",
        { status: "Succeeded" },
        { limit: 100, ...(cursor && { cursor }) },
      );
      succeeded.push(...page.items.map((job) => job.id));
      if (!(cursor = page.nextCursor)) break;
    }
    expect(await storage.identities.count("account")).toEqual({
      identities: succeeded.length,
      faces: succeeded.length,
    });
    await storage.close();
    await rm(directory, { recursive: true });
  });
});
