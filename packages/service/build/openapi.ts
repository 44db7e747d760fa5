/** Writes docs/openapi.json from the code; with --check only says whether it is up to date (exit code 1 when not). */
import { readFile, writeFile } from "node:fs/promises";
import { openApiDocument } from "../src/http/openapi/document.ts";

const file = new URL("../../../docs/openapi.json", import.meta.url);
const text = `${JSON.stringify(openApiDocument(), null, 2)}\n`;

if (process.argv.includes("--check")) {
  const committed = await readFile(file, "utf8").catch(() => "");
  if (committed !== text) {
    console.error("docs/openapi.json is out of date: run `pnpm generate`");
    process.exitCode = 1;
  }
} else await writeFile(file, text);
