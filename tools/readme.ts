/**
 * Writes what the README takes from elsewhere between its markers: the figures that `pnpm bench NAME --save` kept and the
 * example that the tests run. With `--check` it only compares. No number there is typed by hand.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

interface Result {
  date: string;
  /** Options of the run. */
  asked?: string[];
  name: string;
  machine: string;
  goals: { name: string; value: number; goal: number; unit: string; holds: boolean }[];
}

const root = path.resolve(import.meta.dirname, "..");
const file = path.join(root, "README.md");
const text = readFileSync(file, "utf8");

const example = readFileSync(path.join(root, "examples/readme.ts"), "utf8").trimEnd();
const next = between(between(text, "figures", figures()), "example", `\`\`\`ts\n${example}\n\`\`\``);

if (!process.argv.includes("--check")) writeFileSync(file, next);
else if (next !== text) {
  console.log(
    "README.md: what stands between its markers is not what bench/results and examples/readme.ts give",
  );
  process.exitCode = 1;
}

function figures(): string {
  const results = readdirSync(path.join(root, "bench/results"))
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(path.join(root, "bench/results", name), "utf8")) as Result);
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

function between(whole: string, name: string, content: string): string {
  const open = `<!-- ${name} -->\n`;
  const close = `\n<!-- /${name} -->`;
  const start = whole.indexOf(open);
  const end = whole.indexOf(close);
  if (start < 0 || end < start) throw new Error(`README.md has lost its ${name} markers`);
  return whole.slice(0, start + open.length) + content + whole.slice(end);
}
