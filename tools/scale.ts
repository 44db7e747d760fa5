/**
 * Writes what `pnpm bench scale --save` kept into docs/scale.md, between its markers. With `--check` it only compares. No
 * number of the simulation is typed there by hand.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { tables } from "../bench/scale/tables.ts";

interface Result {
  date: string;
  machine: string;
  figures: Record<string, number>;
}

const OPEN = "<!-- simulated -->\n";
const CLOSE = "\n<!-- /simulated -->";
const root = path.resolve(import.meta.dirname, "..");
const file = path.join(root, "docs/scale.md");
const text = readFileSync(file, "utf8");
const [start, end] = [text.indexOf(OPEN), text.indexOf(CLOSE)];
if (start < 0 || end < start) throw new Error("docs/scale.md has lost its markers");
const next = text.slice(0, start + OPEN.length) + simulated() + text.slice(end);

if (!process.argv.includes("--check")) writeFileSync(file, next);
else if (next !== text) {
  console.log("docs/scale.md: what stands between its markers is not what bench/results/scale.json gives");
  process.exitCode = 1;
}

function simulated(): string {
  const kept = readFileSync(path.join(root, "bench/results/scale.json"), "utf8");
  const { date, machine, figures } = JSON.parse(kept) as Result;
  const parts = tables(figures).map(({ title, rows }) => `### ${title}\n\n${markdown(rows)}`);
  return [
    ...parts,
    `By \`pnpm bench scale\`, ${date}; transactions measured on ${machine}, the rest on the machines of their benches.`,
  ].join("\n\n");
}

function markdown(rows: Record<string, string | number>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(columns.map((column) => row[column] ?? ""))),
  ].join("\n");
}
