import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import { variables } from "./config.ts";
import { accountsCommand } from "./commands/accounts.ts";
import { blobsCommand } from "./commands/blobs.ts";
import { collectionsCommand } from "./commands/collections.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { enrolCommand } from "./commands/enrol.ts";
import { jobsCommand } from "./commands/jobs.ts";
import { keysCommand } from "./commands/keys.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { migrateDataCommand } from "./commands/migrate-data.ts";
import { recognizeCommand } from "./commands/recognize.ts";
import { searchCommand } from "./commands/search.ts";
import { serveCommand } from "./commands/serve.ts";
import { visibleLines } from "./visible.ts";

/** The whole command line. Building it does nothing else, so docs/cli.md is generated from it. */
export function createProgram(): Command {
  const program: Command = new Command("prosopon")
    .description("Enrol, search and recognise faces on your own machine.")
    .version(manifest.version, "--version", "print the version")
    .showHelpAfterError("(add --help for the options)")
    .helpCommand(false)
    .configureOutput({
      outputError: (message, write) => write(visibleLines(withoutValues(message))),
    })
    .addHelpText("after", ({ command }) => environmentHelp(command));
  for (const command of [
    serveCommand(),
    enrolCommand(),
    searchCommand(),
    recognizeCommand(),
    jobsCommand(),
    collectionsCommand(),
    accountsCommand(),
    keysCommand(),
    blobsCommand(),
    migrateCommand(),
    migrateDataCommand(),
    doctorCommand(),
  ]) {
    program.addCommand(command);
  }
  for (const command of everyCommand(program)) command.copyInheritedSettings(program).exitOverride();
  return program;
}

/** What was mistyped may be a secret: an unknown option is shown without its value, and arguments too many only counted. */
const withoutValues = (message: string): string =>
  message
    .replace(/'(--?[^='\s]+)=[\s\S]*'/, "'$1'")
    .replace(/(too many arguments.* but got \d+): [\s\S]*/, "$1.\n");

export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** Of the longest name of a variable. */
const WIDTH = 30;

/** The variables of all commands, each once. */
function environmentHelp(program: Command): string {
  const lines = new Map<string, string>();
  for (const option of everyCommand(program).flatMap((command) => command.options)) {
    if (option.envVar)
      lines.set(option.envVar, `  ${option.envVar.padEnd(WIDTH)} ${option.long}: ${option.description}`);
  }
  for (const { env, description } of Object.values(variables))
    lines.set(env, `  ${env.padEnd(WIDTH)} ${description}`);
  return `\nEnvironment (a flag wins over its variable; an empty variable counts as unset):\n${[...lines.values()].toSorted().join("\n")}\n`;
}
