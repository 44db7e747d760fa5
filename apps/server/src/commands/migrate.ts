import { Command } from "commander";
import { options, type Values } from "../config.ts";
import { CommandError, UsageError } from "../errors.ts";
import { printJson, printLine } from "../print.ts";

type MigrateOptions = Values<"databaseUrl" | "databaseDirectUrl" | "check" | "dryRun" | "json">;

export function migrateCommand(): Command {
  const command = new Command("migrate")
    .description(
      "bring the schema of a PostgreSQL database up to date; safe while nodes of this and the last release run",
    )
    .action(migrate);
  for (const option of options("databaseUrl", "databaseDirectUrl", "check", "dryRun", "json"))
    command.addOption(option);
  return command;
}

/** @throws CommandError when the database cannot be used, or with `check` when it is not up to date. */
async function migrate(values: MigrateOptions): Promise<void> {
  const { databaseUrl, databaseDirectUrl = databaseUrl, check, dryRun, json } = values;
  if (databaseDirectUrl === undefined)
    throw new UsageError(
      "Which database? Give --database-url (PROSOPON_DATABASE_URL). A data directory needs no command: `serve` brings it up to date.",
    );
  if (check && dryRun) throw new UsageError("--check and --dry-run cannot be combined: give one of them.");
  const { migratePostgres, postgresMigrations } = await import("@prosopon/service/postgres");

  if (!check && !dryRun) {
    const applied = await migratePostgres(databaseDirectUrl);
    if (json) return printJson({ applied });
    for (const name of applied) printLine(`applied ${name}`);
    return printLine(applied.length > 0 ? "Up to date." : "Up to date already.");
  }

  const { applied, pending, problem, versions } = await postgresMigrations(databaseDirectUrl);
  const names = pending.map(({ name }) => name);
  const current = names.length === 0 && problem === undefined;
  if (json)
    printJson({ current, applied, pending: dryRun ? pending : names, ...(problem && { problem }), versions });
  else if (dryRun)
    printLine(
      pending.map(({ name, sql }) => `-- ${name}\n${sql.trim()}`).join("\n\n") ||
        "-- Nothing to do: up to date.",
    );
  else for (const name of names) printLine(`pending ${name}`);

  if (problem !== undefined) throw new CommandError(problem);
  if (check && names.length > 0)
    throw new CommandError(
      "The schema is not up to date. Run `prosopon migrate` before the new release's nodes.",
    );
  if (check && current && !json) printLine("Up to date.");
}
