import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { readdirSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { holds, verdict } from "../tools/goal.ts";
import type { Bench } from "./bench.ts";

const directory = import.meta.dirname;
const names = readdirSync(directory)
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => file.slice(0, -".bench.ts".length));

const program = new Command("bench").description("Measures Prosopon beside its baselines.");

for (const name of names) {
  const { bench } = (await import(`./${name}.bench.ts`)) as { bench: Bench };
  const command = program
    .command(name)
    .description(bench.summary)
    .option("--json", "end in one line of JSON")
    .option("--save", "keep the result in bench/results, where the README takes its figures from");
  for (const [flags, description] of bench.options ?? []) command.option(flags, description);
  command.action(async (options: Record<string, string | boolean | undefined>) => {
    const report = await bench.run(options);
    const goals = report.goals.map((goal) => ({ ...goal, holds: holds(goal) }));
    for (const table of report.tables) {
      console.log(`\n${table.title}`);
      console.table(table.rows);
    }
    for (const goal of goals) console.log(verdict(goal));
    const result = {
      name,
      machine: machine(),
      commit: commit(),
      figures: report.figures,
      goals: goals.map(({ name, value, goal, unit, holds }) => ({ name, value, goal, unit, holds })),
    };
    if (options.save) {
      // What was asked for beyond the default; no folder of this machine.
      const asked = program.args
        .slice(1)
        .filter((word) => !/^--(json|save)$/.test(word) && /^(--[a-z-]+|[\d,.]+)$/.test(word));
      const dated = { date: new Date().toISOString().slice(0, 10), asked, ...result };
      writeFileSync(`${directory}/results/${name}.json`, `${JSON.stringify(dated, null, 2)}\n`);
    }
    if (options.json) console.log(JSON.stringify(result));
  });
}

await program.parseAsync();

function machine(): string {
  const cores = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} x ${cores[0]?.model ?? "unknown"}, ${gibibytes} GiB, Node ${process.version}`;
}

function commit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], {
      cwd: directory,
      encoding: "utf8",
    }).trim();
  } catch {
    return "unknown";
  }
}
