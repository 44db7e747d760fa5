import { markdown, read } from "./between.ts";

/** What `pnpm bench NAME --save` kept of a run. */
export interface Result {
  date: string;
  /** Options of the run. */
  asked?: string[];
  name: string;
  machine: string;
  figures: Record<string, number>;
  goals: { name: string; value: number; goal: number; unit: string; holds: boolean }[];
}

/** A line of a table: what was measured, by which bench, under which names of its figures, in which unit. */
export type Row = [what: string, bench: string, figures: string[], unit: string];

const list = new Intl.ListFormat("en-GB");

export const readResult = (bench: string) => JSON.parse(read(`bench/results/${bench}.json`)) as Result;

/** A table of kept figures, each with the bench and the day it is of. */
export function figureTable(rows: readonly Row[]): string {
  return markdown(
    rows.map(([what, bench, names, unit]) => {
      const { date, figures } = readResult(bench);
      const values = names.map((name) => {
        const value = figures[name];
        if (value === undefined) throw new Error(`bench/results/${bench}.json has no figure ${name}`);
        return Number(value.toPrecision(3)).toLocaleString("en");
      });
      return {
        figure: what,
        value: `${list.format(values)} ${unit}`.trimEnd(),
        by: `\`pnpm bench ${bench}\`, ${date}`,
      };
    }),
  );
}

/** Which bench ran on which machine. */
export function machines(benches: readonly string[]): string {
  const groups = Map.groupBy(benches, (bench) => readResult(bench).machine);
  return [...groups]
    .map(([machine, of]) => `${list.format(of.map((bench) => `\`${bench}\``))} on ${machine}`)
    .join("; ");
}
