/**
 * Writes what `pnpm bench scale --save` kept into docs/scale.md. With `--check` it only compares. No number of the
 * simulation is typed there by hand.
 */
import { tables } from "../bench/scale/tables.ts";
import { markdown, read, writeBetween } from "./between.ts";

interface Result {
  date: string;
  machine: string;
  figures: Record<string, number>;
}

const { date, machine, figures } = JSON.parse(read("bench/results/scale.json")) as Result;
const parts = tables(figures).map(({ title, rows }) => `### ${title}\n\n${markdown(rows)}`);
writeBetween("docs/scale.md", {
  simulated: [
    ...parts,
    `By \`pnpm bench scale\`, ${date}; transactions measured on ${machine}, the rest on the machines of their benches.`,
  ].join("\n\n"),
});
