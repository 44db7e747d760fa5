/**
 * Writes each example into the pages that show it, between markers that name its file: `<!-- examples/readme.ts -->`. The tests run
 * these files. With `--check` it only compares.
 */
import { execFileSync } from "node:child_process";
import path from "node:path";
import { read, writeBetween } from "./between.ts";

const MARKER = /^<!-- (examples\/\S+) -->$/gm;
const LANGUAGES: Record<string, string> = { ".sh": "sh", ".ts": "ts", ".tsx": "tsx" };

const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: path.resolve(import.meta.dirname, ".."),
  encoding: "utf8",
});
for (const page of pages.split("\n").filter(Boolean)) {
  const files = [...read(page).matchAll(MARKER)].map(([, file = ""]) => file);
  if (files.length > 0) writeBetween(page, Object.fromEntries(files.map((file) => [file, snippet(file)])));
}

function snippet(file: string): string {
  const language = LANGUAGES[path.extname(file)];
  if (!language) throw new Error(`${file}: an example of a kind that no page shows`);
  return `\`\`\`${language}\n${read(file).trimEnd()}\n\`\`\``;
}
