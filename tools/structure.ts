/**
 * Prints how the source is built: its files' sizes, its circles of imports, who may import whom, and how many files a
 * kind of job edits. `--check` fails where a goal is missed; `--json` ends in one line of JSON; `--touch COMMIT` counts
 * another commit's files.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { importTable } from "../oxlint.config.ts";
import { type Goal, holds, verdict } from "./goal.ts";
import { sourceFiles } from "./structure/files.ts";
import { lintImports } from "./structure/imports.ts";
import { commitsOfKinds, touchOf } from "./structure/touches.ts";

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean" },
    json: { type: "boolean" },
    touch: { type: "string", multiple: true },
  },
});
const root = path.resolve(import.meta.dirname, "..");
const LARGEST = 10;

const files = sourceFiles(root);
const sizes = files.map(({ lines }) => lines).toReversed();
const { circles, refused } = lintImports(root);
const touches = (options.touch ?? commitsOfKinds(root)).map((commit) => touchOf(root, commit));

print("Sizes", [
  { files: files.length, "median, lines": quantile(0.5), "ninth decile, lines": quantile(0.9) },
]);
print("The largest files", files.slice(0, LARGEST));
print(
  "Circles of imports, types included; of files that hang together the shortest",
  circles.map(({ files, shortest }) => ({ files, shortest: shortest.join(" → ") })),
);
print(
  "Who may import whom in the workspace: importTable in oxlint.config.ts, enforced by `pnpm lint`",
  ["packages", "apps"]
    .flatMap((parent) => readdirSync(path.join(root, parent)).map((name) => `${parent}/${name}`))
    .map((folder) => ({ folder, imports: allowed(folder) })),
);
if (refused.length > 0) print("Imports that the table refuses", refused);
print(
  options.touch ? "Files that a commit edits" : "Files that the commit of a kind of job edits",
  touches.map(({ commit, subject, files }) => ({ commit, subject, files: files.length })),
);

const goals: Goal[] = [
  { name: "lines of a file, median", value: quantile(0.5), goal: 80, direction: "<=", unit: "" },
  { name: "lines of a file, ninth decile", value: quantile(0.9), goal: 250, direction: "<=", unit: "" },
  { name: "circles of imports", value: circles.length, goal: 0, direction: "<=", unit: "" },
  { name: "imports against the table", value: refused.length, goal: 0, direction: "<=", unit: "" },
  ...touches.map(({ commit, subject, files }) => ({
    name: `files edited by ${commit}, ${subject}`,
    value: files.length,
    goal: 10,
    direction: "<=" as const,
    unit: "",
  })),
];
for (const goal of goals) console.log(verdict(goal));
if (options.json) {
  const judged = goals.map((goal) => ({ ...goal, holds: holds(goal) }));
  console.log(
    JSON.stringify({
      files: files.length,
      largest: files.slice(0, LARGEST),
      circles,
      refused,
      touches,
      goals: judged,
    }),
  );
}
if (options.check && !goals.every(holds)) process.exitCode = 1;

/** Of the files, the least number of lines that so large a part of them does not exceed. */
function quantile(part: number): number {
  return sizes[Math.ceil(part * sizes.length) - 1]!;
}

function allowed(folder: string): string {
  const names = importTable[folder];
  if (!names) return "everything";
  return names.join(", ") || "nothing";
}

function print(title: string, rows: object[]): void {
  console.log(`\n${title}`);
  if (rows.length > 0) console.table(rows);
  else console.log("none");
}
