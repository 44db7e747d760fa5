import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";
import { schema } from "../src/schema.ts";

/**
 * Compares the schema of the code with the one of an earlier commit (`--base REF`; default: the last release of this package, or
 * the last commit) or of a file (`--against FILE`), and fails on a breaking change, unless a changeset announces a major version.
 */
const root = new URL("../../../", import.meta.url);
const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

const file = argument("--against");
const base = file ?? argument("--base") ?? lastRelease() ?? "HEAD";
const before = buildSchema(
  file === undefined ? git("show", `${base}:packages/graphql/schema.graphql`) : readFileSync(file, "utf8"),
);
const changes = await diff(before, schema);
const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);

for (const { criticality, message } of changes)
  console.log(`${criticality.level.toLowerCase().replace("_", " ").padEnd(13)} ${message}`);
console.log(`${changes.length} changes since ${base}, ${breaking.length} of them breaking.`);
if (breaking.length > 0 && !majorIsAnnounced()) {
  console.error(
    'A breaking change needs a changeset that says `"@prosopon/graphql": major` (pnpm changeset). Deprecate first where you can.',
  );
  process.exitCode = 1;
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}

function lastRelease(): string | undefined {
  return git("tag", "--list", "@prosopon/graphql@*", "--sort=-creatordate").split("\n")[0] || undefined;
}

function majorIsAnnounced(): boolean {
  const folder = new URL(".changeset/", root);
  const files = readdirSync(folder).filter((name) => name.endsWith(".md"));
  return files.some((name) =>
    /["']@prosopon\/graphql["']:\s*major/.test(readFileSync(new URL(name, folder), "utf8")),
  );
}
