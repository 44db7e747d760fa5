/**
 * Lays the numbered .sql files into one module a back-end, so that the built package needs no file beside it, and lists
 * their SHA-256 sums in migrations.sha256: a database applies a file once, so one that is listed must not change.
 * `node build/migrations.ts` writes both, and with `--relist` also the sums of files that did change, which is right only
 * while no release has them; with `--check` it writes nothing and fails when something is out of date.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const THIS = "node packages/service/build/migrations.ts";
const words = process.argv.slice(2);
const [check, relist] = ["--check", "--relist"].map((flag) => words.includes(flag));
/** Another folder is for tests. */
const storage = words.find((word) => !word.startsWith("--")) ?? join(import.meta.dirname, "../src/storage");
const sums = join(storage, "migrations.sha256");

const files = ["sqlite", "postgres"].flatMap((backEnd) =>
  readdirSync(join(storage, backEnd, "migrations"))
    .filter((name) => name.endsWith(".sql"))
    .toSorted()
    .map((name) => {
      const path = `${backEnd}/migrations/${name}`;
      return { backEnd, name, path, sql: readFileSync(join(storage, path), "utf8") };
    }),
);
const sumOf = (sql: string): string => createHash("sha256").update(sql).digest("hex");
/** As `sha256sum` writes and checks it. */
const listing = files.map(({ path, sql }) => `${sumOf(sql)}  ${path}\n`).join("");

for (const [path, sum] of listed()) {
  const file = files.find((one) => one.path === path);
  if (relist || (file && sumOf(file.sql) === sum)) continue;
  fail(
    `${path} ${file ? "is not what it was" : "is gone"}, but databases that applied it are not migrated again. Put it back as it was and write a new migration; if no release has it yet, run \`${THIS} --relist\`.`,
  );
}
if (process.exitCode === 1) process.exit();

write(sums, listing);

for (const backEnd of ["sqlite", "postgres"]) {
  const entries = files
    .filter((file) => file.backEnd === backEnd)
    .map(({ name, sql }) => `  { name: ${JSON.stringify(name)}, sql: ${JSON.stringify(sql)} },\n`);
  write(
    join(storage, backEnd, "migrations.generated.ts"),
    `// Written by build/migrations.ts from migrations/*.sql; never edited.
export const migrations: readonly { name: string; sql: string }[] = [
${entries.join("")}];
`,
  );
}

function listed(): [path: string, sum: string][] {
  if (!existsSync(sums)) return [];
  const lines = readFileSync(sums, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => [line.slice(66), line.slice(0, 64)]);
}

function write(target: string, text: string): void {
  if (existsSync(target) && readFileSync(target, "utf8") === text) return;
  if (check) fail(`${target.slice(storage.length + 1)} is out of date: run \`${THIS}\`.`);
  else writeFileSync(target, text);
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
