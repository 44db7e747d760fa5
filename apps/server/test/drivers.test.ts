import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { credentials, startS3 } from "../../../tools/s3.ts";
import { run, startServer, temporaryDirectory } from "./command.ts";
import { cluster, noPostgres } from "./nodes.ts";

const DRIVERS = ["aws4fetch", "better-sqlite3", "pg", "pg-copy-streams"];

/** Writes down the URL of each module that a process of the command loads, its threads and children included. */
const RECORDER = `
  import { appendFileSync } from "node:fs";
  import { registerHooks } from "node:module";
  registerHooks({
    load(url, context, next) {
      appendFileSync(process.env.LOADED, url + "\\n");
      return next(url, context);
    },
  });
`;

async function recorder(): Promise<{ env: Record<string, string>; packages(): Promise<string[]> }> {
  const directory = await temporaryDirectory();
  const [hook, loaded] = [join(directory, "recorder.mjs"), join(directory, "loaded")];
  await writeFile(hook, RECORDER);
  return {
    env: { NODE_OPTIONS: `--import=${pathToFileURL(hook).href}`, LOADED: loaded },
    async packages() {
      const urls = (await readFile(loaded, "utf8")).split("\n");
      return urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
    },
  };
}

const driversOf = (packages: string[]): string[] => DRIVERS.filter((driver) => packages.includes(driver));

describe("the command loads", () => {
  it("no driver, no client, no server and no native library to show its help", async () => {
    const { env, packages } = await recorder();
    expect((await run(["--help"], { env })).code).toBe(0);
    const loaded = await packages();
    expect(loaded).toContain("commander");
    expect(driversOf(loaded)).toEqual([]);
    expect(loaded.filter((name) => /^(hono|ky|pino|graphql|ws|sharp|onnxruntime-node)$/.test(name))).toEqual(
      [],
    );
  });

  it("SQLite's driver alone to serve a data directory, and to check it", async () => {
    const data = await temporaryDirectory();
    const serving = await recorder();
    await (await startServer(data, [], { env: serving.env })).stop();
    expect(driversOf(await serving.packages())).toEqual(["better-sqlite3"]);

    const checking = await recorder();
    await run(["doctor", "--data", data, "--threads", "1"], { env: checking.env });
    expect(driversOf(await checking.packages())).toEqual(["better-sqlite3"]);
  });
});

describe.skipIf(noPostgres !== undefined)(
  `on PostgreSQL the command loads${noPostgres ? `: ${noPostgres}` : ""}`,
  () => {
    it("its driver alone with images in a directory, and that of S3 with images there", async () => {
      const inDirectory = await recorder();
      await (await (await cluster()).node("all", [], { env: inDirectory.env })).stop();
      expect(driversOf(await inDirectory.packages())).toEqual(["pg"]);

      const s3 = await startS3();
      const inS3 = await recorder();
      const nodes = await cluster({ blobs: `s3://${credentials.bucket}` });
      await (await nodes.node("all", [], { env: { ...s3.env, ...inS3.env } })).stop();
      expect(driversOf(await inS3.packages())).toEqual(["aws4fetch", "pg"]);
      await s3.close();
    });
  },
);
