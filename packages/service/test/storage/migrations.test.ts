import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = path.join(import.meta.dirname, "../..");
const LATER = "postgres/migrations/999-later.sql";

describe("build/migrations.ts", () => {
  let sources: string;
  beforeEach(async () => {
    sources = await mkdtemp(path.join(tmpdir(), "prosopon-migrations-"));
    for (const backEnd of ["sqlite", "postgres"])
      await cp(
        path.join(root, "src/storage", backEnd, "migrations"),
        path.join(sources, backEnd, "migrations"),
        { recursive: true },
      );
    expect(build()).toMatchObject({ status: 0 });
  });
  afterEach(() => rm(sources, { recursive: true }));

  function build(...flags: string[]): { status: number | null; said: string } {
    const script = path.join(root, "build/migrations.ts");
    const { status, stderr } = spawnSync(process.execPath, [script, sources, ...flags], { encoding: "utf8" });
    return { status, said: stderr };
  }
  const sums = () => readFile(path.join(sources, "migrations.sha256"), "utf8");

  it("lists each file's sum, as sha256sum writes it", async () => {
    expect(build("--check")).toEqual({ status: 0, said: "" });
    const lines = (await sums()).trim().split("\n");
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      const [, sum, file] = /^([0-9a-f]{64}) {2}((?:sqlite|postgres)\/migrations\/\d{3}-[a-z-]+\.sql)$/.exec(
        line,
      )!;
      const bytes = await readFile(path.join(sources, file!));
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(sum);
    }
  });

  it("takes a new migration up, and tells that it is not listed until then", async () => {
    await writeFile(path.join(sources, LATER), "-- needs: 1\nSELECT 1;\n");
    expect(build("--check")).toEqual({
      status: 1,
      said: expect.stringContaining("run `node packages/service/build/migrations.ts`"),
    });
    expect(build()).toEqual({ status: 0, said: "" });
    expect(await sums()).toContain(LATER);
    expect(build("--check")).toEqual({ status: 0, said: "" });
  });

  it.each(["001-initial.sql is not what it was", "001-initial.sql is gone"])(
    "refuses a listed file that changed or went, and says what to do: %s",
    async (message) => {
      const file = path.join(sources, "postgres/migrations/001-initial.sql");
      await (message.endsWith("gone") ? rm(file) : appendFile(file, "\n"));
      const before = await sums();
      for (const flags of [["--check"], []])
        expect(build(...flags)).toEqual({
          status: 1,
          said: expect.stringMatching(new RegExp(`${message}.*write a new migration.*--relist`)),
        });
      expect(await sums()).toBe(before);
      expect(build("--relist")).toEqual({ status: 0, said: "" });
      expect(build("--check")).toEqual({ status: 0, said: "" });
    },
  );
});
