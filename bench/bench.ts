import type { Goal } from "../tools/goal.ts";

export type { Goal };

export interface Report {
  /** Tables to print, in order: title and rows of equal keys. */
  tables: { title: string; rows: Record<string, string | number>[] }[];
  /** Every figure by a dotted name, plain numbers in the unit that the name ends in (`search.p50_ms`). */
  figures: Record<string, number>;
  goals: Goal[];
}

export interface Bench {
  summary: string;
  /** Flags beyond --json, as commander writes them: `["--lfw <dir>", "folder in the LFW layout"]`. */
  options?: [flags: string, description: string][];
  run(options: Record<string, string | boolean | undefined>): Promise<Report>;
}
