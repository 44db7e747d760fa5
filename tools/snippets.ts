/**
 * Writes each example into the pages that show it, between markers that name its file: `<!-- examples/readme.ts -->`. The tests run
 * these files. With `--check` it only compares.
 */
import path from "node:path";
import { read, writeBetween } from "./between.ts";
import { listed } from "./listed.ts";

const MARKER = /^<!-- (examples\/\S+) -->$/gm;
const LANGUAGES: Record<string, string> = { ".sh": "sh", ".ts": "ts", ".tsx": "tsx" };

for (const page of listed(path.resolve(import.meta.dirname, ".."), "*.md")) {
  const files = [...read(page).matchAll(MARKER)].map(([, file = ""]) => file);
  if (files.length > 0) writeBetween(page, Object.fromEntries(files.map((file) => [file, snippet(file)])));
}

function snippet(file: string): string {
  const language = LANGUAGES[path.extname(file)];
  if (!language) throw new Error(`${file}: an example of a kind that no page shows`);
  return `\`\`\`${language}\n${read(file).trimEnd()}\n\`\`\``;
}
