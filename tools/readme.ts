/**
 * Writes what the README takes from elsewhere between its markers: the figures that `pnpm bench NAME --save` kept.
 * With `--check` it only compares. No number there is typed by hand.
 */
import { readdirSync } from "node:fs";
import { writeBetween } from "./between.ts";
import { readResult, type Result } from "./results.ts";

writeBetween("README.md", {
  figures: figures(),
});

function figures(): string {
  const results = readdirSync(new URL("../bench/results", import.meta.url))
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => readResult(name.slice(0, -".json".length)));
  const rows = results.flatMap(({ name, date, asked = [], goals }) =>
    inFewRows(goals).map((goal) => {
      const unit = goal.unit && ` ${goal.unit}`;
      const value = Number(goal.value.toPrecision(4));
      return `| ${goal.name} | ${value}${unit} | ${goal.goal}${unit} | ${goal.holds ? "yes" : "**no**"} | \`pnpm bench ${[name, ...asked].join(" ")}\`, ${date} |`;
    }),
  );
  const machines = [...new Set(results.map((result) => result.machine))].join("; ");
  return [
    "| what | measured | goal | holds | by |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
    `Machine: ${machines}.`,
  ].join("\n");
}

/** What must not happen and did not, of one bench, is one row. */
function inFewRows(goals: Result["goals"]): Result["goals"] {
  const none = goals.filter(({ value, goal, unit }) => value === 0 && goal === 0 && unit === "");
  if (none.length < 2) return goals;
  const name = none.map((goal) => goal.name).join("; ");
  return [{ ...none[0]!, name }, ...goals.filter((goal) => !none.includes(goal))];
}
