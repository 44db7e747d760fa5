import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { debianUnavailable, unlessRequired } from "../../../tools/debian.ts";
import { startPgBouncer } from "../../../tools/pgbouncer.ts";
import { execute } from "../../../packages/service/test/postgres/database.ts";
import { run, temporaryDirectory } from "./command.ts";
import { cluster, noPostgres } from "./nodes.ts";

interface Check {
  name: string;
  state: string;
  detail: string;
  fix?: string;
}

async function doctor(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; of(name: string): Check | undefined; text: string }> {
  const { code, stdout, stderr } = await run(["doctor", "--json", ...args], { env });
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return { code, of: (name) => checks.find((check) => check.name === name), text: stdout + stderr };
}

describe.skipIf(noPostgres !== undefined)(
  `doctor with a database${noPostgres ? `: ${noPostgres}` : ""}`,
  () => {
    it("tells what is pending before the first start, and finds all sound after it", async () => {
      const { args, node, database } = await cluster();
      const before = await doctor(args);
      expect(before.of("schema")).toMatchObject({
        state: "warn",
        detail: expect.stringContaining("001-initial"),
      });
      // It has changed nothing.
      expect((await doctor(args)).of("schema")!.state).toBe("warn");

      await (await node("api")).stop();
      const after = await doctor(args);
      expect(after.code).toBe(0);
      const { host, pathname } = new URL(database.url);
      expect(after.of("database")).toMatchObject({
        state: "ok",
        detail: expect.stringMatching(/^PostgreSQL \d+\S* with pgvector \d\S* at /),
      });
      expect(after.of("database")!.detail).toContain(host + pathname);
      for (const name of ["schema", "notifications", "clock", "blobs", "abandoned jobs", "self-test"])
        expect(after.of(name)).toMatchObject({ state: "ok" });
      // Nothing lies in the data directory, so nothing of it is looked at.
      for (const name of ["data", "disk", "integrity"]) expect(after.of(name)).toBeUndefined();
    });

    it("finds a clock that is off, jobs that were given up, and a place that cannot be written", async () => {
      const { args, node, database } = await cluster();
      await (await node("api")).stop();
      await execute(
        database.url,
        `INSERT INTO jobs (account, id, kind, rank, turn, status, payload, created_at, finished_at, dead_until)
       SELECT row, 'given-up', 'enrol', 1, 0, 'Failed', '{}', 1, 2, 3 FROM accounts`,
      );
      const directory = await temporaryDirectory();
      await writeFile(join(directory, "clock.mjs"), "const now = Date.now; Date.now = () => now() - 90_000;");
      await writeFile(join(directory, "file"), "");
      const found = await doctor([...args.slice(0, 2), "--blobs", join(directory, "file/blobs")], {
        NODE_OPTIONS: `--import=${join(directory, "clock.mjs")}`,
      });
      expect(found.code).toBe(1);
      expect(found.of("clock")).toMatchObject({
        state: "warn",
        detail: expect.stringMatching(/^this machine's is (89|90)\d{3} ms behind the database's/),
      });
      expect(found.of("abandoned jobs")).toMatchObject({ state: "warn", detail: "1 job was abandoned" });
      expect(found.of("blobs")).toMatchObject({ state: "fail", detail: expect.stringContaining("ENOTDIR") });
    });

    const noBouncer = unlessRequired(debianUnavailable());
    it.skipIf(noBouncer !== undefined)(
      `finds a pooler between, and notifications that do not pass it${noBouncer ? `: ${noBouncer}` : ""}`,
      async () => {
        const { args, node, database } = await cluster();
        await (await node("api")).stop();
        const bouncer = await startPgBouncer(database.url, { poolSize: 4 });
        try {
          const pooled = bouncer.through(database.url);
          const blobs = args.slice(2);
          const alone = await doctor(["--database-url", pooled, ...blobs]);
          expect(alone.of("notifications")).toMatchObject({
            state: "warn",
            detail: expect.stringContaining("through a pooler"),
            fix: expect.stringContaining("--database-direct-url"),
          });
          const both = await doctor([
            "--database-url",
            pooled,
            "--database-direct-url",
            database.url,
            ...blobs,
          ]);
          expect(both.of("notifications")).toMatchObject({
            state: "ok",
            detail: expect.stringContaining("past the pooler"),
          });
        } finally {
          await bouncer.stop();
        }
      },
    );

    it("says that a database cannot be reached, without its password", async () => {
      const found = await doctor(["--data", await temporaryDirectory()], {
        PROSOPON_DATABASE_URL: "postgres://me:hunter2@127.0.0.1:1/faces",
      });
      expect(found.code).toBe(1);
      expect(found.of("database")).toMatchObject({
        state: "fail",
        detail: expect.stringContaining("ECONNREFUSED"),
      });
      expect(found.text).not.toContain("hunter2");
    });
  },
);
