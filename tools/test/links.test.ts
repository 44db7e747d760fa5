import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { listed } from "../listed.ts";

const root = path.resolve(import.meta.dirname, "../..");
const pages = listed(root, "*.md").filter((page) => !page.startsWith(".changeset/"));

const LINK = /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g;

/** As GitHub names the headings of a page. */
const anchorsOf = (file: string): string[] =>
  [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

it("finds the pages", () => expect(pages).toContain("README.md"));

it.each(pages)("every link of %s leads somewhere", (page) => {
  const text = readFileSync(path.join(root, page), "utf8").replace(/```[^]*?```/g, "");
  const broken = [...text.matchAll(LINK)].flatMap(([, target = "", anchor]) => {
    const file = target ? path.resolve(root, path.dirname(page), target) : path.join(root, page);
    const good = existsSync(file) && (!anchor || anchorsOf(file).includes(anchor));
    return good ? [] : [`${target}${anchor ? `#${anchor}` : ""}`];
  });
  expect(broken).toEqual([]);
});
