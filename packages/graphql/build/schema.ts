import { readFile, writeFile } from "node:fs/promises";
import { lexicographicSortSchema, printSchema } from "graphql";
import { schema } from "../src/schema.ts";

/** Prints schema.graphql from the code; with --check only compares. */
const path = new URL("../schema.graphql", import.meta.url);
const printed = `# Printed from the code by build/schema.ts: edit that, not this.\n\n${printSchema(lexicographicSortSchema(schema))}\n`;

if (!process.argv.includes("--check")) {
  await writeFile(path, printed);
} else if ((await readFile(path, "utf8").catch(() => "")) !== printed) {
  console.error(
    "schema.graphql is not what the code says: run `node build/schema.ts` in packages/graphql and commit the result.",
  );
  process.exitCode = 1;
}
