import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, it } from "vitest";

const directory = await mkdtemp(path.join(tmpdir(), "prosopon-home-"));
afterAll(() => rm(directory, { recursive: true }));
const home = path.join(directory, "home");
await mkdir(home);

const engine = JSON.stringify(path.resolve(import.meta.dirname, "../src/index.ts"));
const recognise = `
  const { createEngine } = await import(${engine});
  const engine = createEngine({ threads: 1 });
  await engine.warm().then(() => console.log("recognised"), (error) => console.log(error.message));
  await engine.close();`;
const inWorker = `
  const { Worker } = await import("node:worker_threads");
  new Worker(${JSON.stringify(`(async () => {${recognise}})()`)}, { eval: true });`;

/** As whoever embeds the engine runs it: not in CI, where the library is silent by itself. */
async function embed(code: string, env: Record<string, string> = {}): Promise<string> {
  const { CI: _, ORT_DISABLE_TELEMETRY: __, ...inherited } = process.env;
  const script = path.join(directory, "embedder.mjs");
  await writeFile(script, code);
  const child = spawn(process.execPath, ["--conditions=@prosopon/source", script], {
    env: { ...inherited, HOME: home, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return text(child.stdout);
}

it("keeps the inference library from noting its usage below the home directory, to report it", async () => {
  expect(await embed(recognise)).toBe("recognised\n");
  expect(await embed(recognise, { ORT_DISABLE_TELEMETRY: "0" })).toBe("recognised\n");
  expect(await readdir(home)).toEqual([]);
});

it("recognises nothing in a worker thread of a process whose library would report it, and says what to do", async () => {
  expect(await embed(inWorker)).toContain("start the process with ORT_DISABLE_TELEMETRY=1");
  expect(await embed(inWorker, { ORT_DISABLE_TELEMETRY: "1" })).toBe("recognised\n");
  expect(await embed(`await import(${engine}); ${inWorker}`)).toBe("recognised\n");
  expect(await readdir(home)).toEqual([]);
});
