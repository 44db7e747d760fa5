import stringWidth from "string-width";
import { visible, visibleLines } from "./visible.ts";

/** One line of JSON on stdout: what `--json` answers. */
export function printJson(value: unknown): void {
  // JSON itself leaves those of 8 bits as they are; in it too, `\u009b` means the same character.
  process.stdout.write(`${visible(JSON.stringify(value))}\n`);
}

export function printLine(text = ""): void {
  process.stdout.write(`${visibleLines(text)}\n`);
}

/** On stderr, so that stdout stays free for answers. */
export function printError(text: string): void {
  process.stderr.write(`${visibleLines(text)}\n`);
}

/** Columns as wide as their widest cell on the screen, two spaces apart; the keys of the first row are the head. */
export function printTable(rows: Record<string, string | number | undefined>[]): void {
  const keys = Object.keys(rows[0] ?? {});
  const cells = [keys, ...rows.map((row) => keys.map((key) => visible(String(row[key] ?? ""))))];
  const widths = keys.map((_, column) =>
    cells.reduce((widest, row) => Math.max(widest, stringWidth(row[column] ?? "")), 0),
  );
  const padded = (cell: string, column: number) =>
    cell + " ".repeat((widths[column] ?? 0) - stringWidth(cell));
  for (const row of cells) printLine(row.map(padded).join("  ").trimEnd());
}
