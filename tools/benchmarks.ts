/**
 * Writes what `pnpm bench NAME --save` kept: all of it into docs/benchmarks.md, the headlines into the README. With `--check` it only
 * compares. No number there is typed by hand.
 */
import { readdirSync } from "node:fs";
import { markdown, writeBetween } from "./between.ts";
import { readResult, type Result } from "./results.ts";

/** What the README tells: in its own words, of which bench, and the goal that was measured. */
const headlines: [what: string, bench: string, goal: string][] = [
  [
    "strangers who are named in a search (0.95), worst of galleries of 50 to 1,000 people",
    "openset",
    "strangers at 0.95, worst gallery size",
  ],
  [
    "people enrolled with one photo who are found at 0.95, among 600",
    "openset",
    "enrolled found at 0.95, 600 people with one photo",
  ],
  ["search with one photo over HTTP, median", "serve", "search with one 640 x 480 photo, median"],
  ["the nearest of a million faces, exactly, median", "search", "p50 at 1000000 faces, clustered"],
  [
    "acknowledged jobs lost while nodes, workers and PostgreSQL were killed",
    "chaos",
    "acknowledged jobs lost",
  ],
];

const results = readdirSync(new URL("../bench/results", import.meta.url))
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => readResult(name.slice(0, -".json".length)));

writeBetween("README.md", { figures: `${markdown(headlines.map(headline))}\n\n${tally()}` });
writeBetween("docs/benchmarks.md", { benchmarks: results.map(section).join("\n\n") });

function headline([what, bench, name]: (typeof headlines)[number]) {
  const goal = readResult(bench).goals.find((one) => one.name === name);
  if (!goal) throw new Error(`bench/results/${bench}.json has no goal "${name}"`);
  return { figure: what, measured: amount(goal.value, goal.unit), goal: amount(goal.goal, goal.unit) };
}

function tally(): string {
  const goals = results.flatMap((result) => result.goals);
  const missed = goals.filter(({ holds }) => !holds);
  const which = missed.map(({ name }) => name).join("; ") || "none";
  return `Goals that hold: ${goals.length - missed.length} of ${goals.length}. Missed: ${which}.`;
}

function section({ name, date, asked = [], machine, goals }: Result): string {
  const rows = goals.map((goal) => ({
    what: goal.name,
    measured: amount(goal.value, goal.unit),
    goal: amount(goal.goal, goal.unit),
    holds: goal.holds ? "yes" : "**no**",
  }));
  return `## ${name}\n\n\`pnpm bench ${[name, ...asked].join(" ")}\`, ${date}, on ${machine}.\n\n${markdown(rows)}`;
}

function amount(value: number, unit: string): string {
  return `${Number(value.toPrecision(4))} ${unit}`.trimEnd();
}
