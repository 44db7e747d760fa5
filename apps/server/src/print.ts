import stringWidth from "string-width";

/** One line of JSON on stdout: what `--json` answers. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function printLine(text = ""): void {
  process.stdout.write(`${text}\n`);
}

/** Columns as wide as their widest cell on the screen, two spaces apart; the keys of the first row are the head. */
export function printTable(rows: Record<string, string | number | undefined>[]): void {
  const keys = Object.keys(rows[0] ?? {});
  const cells = [keys, ...rows.map((row) => keys.map((key) => String(row[key] ?? "")))];
  const widths = keys.map((_, column) =>
    cells.reduce((widest, row) => Math.max(widest, stringWidth(row[column] ?? "")), 0),
  );
  const padded = (cell: string, column: number) =>
    cell + " ".repeat((widths[column] ?? 0) - stringWidth(cell));
  for (const row of cells) printLine(row.map(padded).join("  ").trimEnd());
}
