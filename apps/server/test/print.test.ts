import { afterEach, describe, expect, it, vi } from "vitest";
import { printError, printJson, printLine, printTable } from "../src/print.ts";
import { createProgress } from "../src/progress.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is written meanwhile. */
function written(print: () => void): string[] {
  const lines: string[] = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  print();
  vi.restoreAllMocks();
  return lines;
}

/** What a table writes. */
const printed = (rows: Record<string, string>[]): string[] => written(() => printTable(rows));

/** Clears the screen, in 7 bits and in 8; rings; returns; turns what follows around. */
const HOSTILE = "a\u001b[2J\u009b2J\u0007\r\u202eb";
const SHOWN = String.raw`a\u001b[2J\u009b2J\u0007\u000d\u202eb`;

describe("a table", () => {
  it("lines up where letters take two columns, and where an accent takes none", () => {
    expect(
      printed([
        { person: "山田太郎", result: "enrolled" },
        { person: "Mu\u0308ller", result: "failed" },
        { person: "👩‍🚀", result: "enrolled" },
      ]),
    ).toEqual([
      "person    result\n",
      "山田太郎  enrolled\n",
      "Mu\u0308ller    failed\n",
      "👩‍🚀        enrolled\n",
    ]);
  });

  it("takes more rows than a call takes arguments", () => {
    expect(printed(Array.from({ length: 200_000 }, () => ({ person: "a", file: "b" })))).toHaveLength(
      200_001,
    );
  });
});

describe("text from outside", () => {
  it("cannot drive the terminal from a table, a message, an error or JSON", () => {
    expect(printed([{ person: `${HOSTILE}\n`, file: "b" }])).toEqual([
      `${"person".padEnd(SHOWN.length + 6)}  file\n`,
      `${SHOWN}\\u000a  b\n`,
    ]);
    expect(written(() => printLine(`\n${HOSTILE}`))).toEqual([`\n${SHOWN}\n`]);
    expect(written(() => printError(HOSTILE))).toEqual([`${SHOWN}\n`]);
    const [json] = written(() => printJson({ name: HOSTILE }));
    expect(json).toMatch(/^[ -~]+\n$/);
    expect(JSON.parse(json!)).toEqual({ name: HOSTILE });
  });
});

describe("a bar of progress", () => {
  it("stays on its line whatever its label, and leaves wrapping as it was", () => {
    const written: string[] = [];
    const terminal = { isTTY: true, columns: 40, write: (text: string) => written.push(text) > 0 };
    const progress = createProgress(2, terminal as unknown as NodeJS.WriteStream);
    progress.step("\n\u001b[2J");
    progress.step("山".repeat(200));
    progress.end();
    const [start, end] = ["\r\x1b[K\x1b[?7l", "\x1b[?7h"];
    for (const text of written.slice(0, -1))
      expect([text.startsWith(start), text.endsWith(end), text.includes("\n")]).toEqual([true, true, false]);
    expect(written.at(-3)).toContain(String.raw`1/2  \u000a\u001b[2J`);
    expect(written.at(-2)).toContain("2/2  山");
    expect(written.at(-1)).toBe("\r\x1b[K");
  });
});
