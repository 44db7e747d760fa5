import { afterEach, describe, expect, it, vi } from "vitest";
import { printTable } from "../src/print.ts";
import { createProgress } from "../src/progress.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** What a table writes. */
function printed(rows: Record<string, string>[]): string[] {
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  printTable(rows);
  vi.restoreAllMocks();
  return lines;
}

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

describe("a bar of progress", () => {
  it("stays on its line whatever its label, and leaves wrapping as it was", () => {
    const written: string[] = [];
    const terminal = { isTTY: true, columns: 40, write: (text: string) => written.push(text) > 0 };
    const progress = createProgress(2, terminal as unknown as NodeJS.WriteStream);
    progress.step("山".repeat(200));
    progress.end();
    const [start, end] = ["\r\x1b[K\x1b[?7l", "\x1b[?7h"];
    for (const text of written.slice(0, -1))
      expect([text.startsWith(start), text.endsWith(end), text.includes("\n")]).toEqual([true, true, false]);
    expect(written.at(-2)).toContain("1/2  山");
    expect(written.at(-1)).toBe("\r\x1b[K");
  });
});
