import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };

const run = promisify(execFile);
const root = new URL("..", import.meta.url);

/** What an entry may load beside its own code, by entry: drivers, the glue of a Node server, native libraries. */
const HEAVY: Record<string, string[]> = {
  ".": [],
  "./sqlite": ["better-sqlite3"],
  "./postgres": ["pg"],
  "./s3": ["aws4fetch"],
  "./transfer": ["better-sqlite3", "pg", "pg-copy-streams"],
  "./node": ["ws"],
};
const WATCHED = new Set([...Object.values(HEAVY).flat(), "@hono/node-server", "onnxruntime-node", "sharp"]);

/** Imports its argument, and prints the URL of each module that Node loaded for it, by `import` or `require`. */
const CHILD = `
  import { registerHooks } from "node:module";
  const loaded = [];
  registerHooks({
    load(url, context, next) {
      loaded.push(url);
      return next(url, context);
    },
  });
  await import(process.argv[1]);
  process.stdout.write(JSON.stringify(loaded));
`;

async function loadedBy(file: string): Promise<string[]> {
  const url = new URL(file, root).href;
  const { stdout } = await run(
    process.execPath,
    ["--conditions=@prosopon/source", "--input-type=module", "--eval", CHILD, url],
    { maxBuffer: 2 ** 24 },
  );
  return JSON.parse(stdout) as string[];
}

/** `file:///…/node_modules/pg/lib/index.js` is of pg, wherever the package manager put it. */
const packageOf = (url: string): string | undefined =>
  /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];

const entries = Object.entries(manifest.exports).flatMap(([name, files]) =>
  typeof files === "string" ? [] : [{ name, source: files["@prosopon/source"], built: files.default }],
);

describe.each(entries)("the entry $name", ({ name, source, built }) => {
  it.each([
    ["sources", source],
    ["build", built],
  ])("loads no driver but its own, from its %s", async (_, file) => {
    const packages = new Set((await loadedBy(file)).map(packageOf));
    expect([...WATCHED].filter((one) => packages.has(one))).toEqual(HEAVY[name]);
  });
});
