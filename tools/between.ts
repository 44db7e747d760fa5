import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");

/** A file of the repository, by its path from the root. */
export const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

/** Writes each content between the file's markers of its name. With `--check` it only compares, and fails. */
export function writeBetween(file: string, contents: Record<string, string>): void {
  const text = read(file);
  const next = Object.entries(contents).reduce((whole, [name, content]) => {
    const [open, close] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
    const [start, end] = [whole.indexOf(open), whole.indexOf(close)];
    if (start < 0 || end < start) throw new Error(`${file} has lost its ${name} markers`);
    return whole.slice(0, start + open.length) + content + whole.slice(end);
  }, text);
  if (!process.argv.includes("--check")) writeFileSync(path.join(root, file), next);
  else if (next !== text) {
    console.log(`${file}: what stands between its markers is not what its sources give`);
    process.exitCode = 1;
  }
}

/** A table with the keys of the first row as its head. */
export function markdown(rows: Record<string, string | number>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(columns.map((column) => row[column] ?? ""))),
  ].join("\n");
}
