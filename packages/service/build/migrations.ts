/**
 * Lays the numbered .sql files into one module a back-end, so that the built package needs no file beside it.
 * `node build/migrations.ts` writes them; with `--check` it fails when one is out of date.
 */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

for (const backEnd of ["sqlite", "postgres"]) {
  const directory = join(import.meta.dirname, "../src/storage", backEnd, "migrations");
  const target = join(import.meta.dirname, "../src/storage", backEnd, "migrations.generated.ts");

  const entries = readdirSync(directory)
    .filter((name) => name.endsWith(".sql"))
    .toSorted()
    .map(
      (name) =>
        `  { name: ${JSON.stringify(name)}, sql: ${JSON.stringify(readFileSync(join(directory, name), "utf8"))} },\n`,
    );

  const text = `// Written by build/migrations.ts from migrations/*.sql; never edited.
export const migrations: readonly { name: string; sql: string }[] = [
${entries.join("")}];
`;

  if (!process.argv.includes("--check")) {
    writeFileSync(target, text);
  } else if (readFileSync(target, "utf8") !== text) {
    console.error(
      `${backEnd}/migrations.generated.ts is out of date: run \`node packages/service/build/migrations.ts\`.`,
    );
    process.exitCode = 1;
  }
}
