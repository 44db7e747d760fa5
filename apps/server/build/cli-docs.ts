/**
 * Writes the tables of docs/cli.md, between the marks, from the command line itself; `--check` only compares.
 * Everything else on that page is written by hand.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command, Option } from "commander";
import { variables } from "../src/config.ts";
import { createProgram, everyCommand } from "../src/program.ts";

const page = join(import.meta.dirname, "../../../docs/cli.md");
const BEGIN = "<!-- generated: commands -->";
const END = "<!-- end -->";

const program = createProgram();
const sections = everyCommand(program)
  .filter((command) => command.commands.length === 0)
  .map(section);

sections.push(
  [
    "### Variables without an option",
    "",
    "| variable | |",
    "| --- | --- |",
    ...Object.values(variables).map(({ env, description }) => `| \`${env}\` | ${description} |`),
  ].join("\n"),
);

const before = await readFile(page, "utf8");
const [head, rest] = split(before, BEGIN);
const [, tail] = split(rest, END);
const after = `${head}${BEGIN}\n\n${sections.join("\n\n")}\n\n${END}${tail}`;

if (!process.argv.includes("--check")) await writeFile(page, after);
else if (after !== before) {
  console.error("docs/cli.md is not what the command line says.");
  process.exitCode = 1;
}

function section(command: Command): string {
  const name = pathOf(command);
  const usage = [
    "prosopon",
    name,
    ...command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`)),
    "[options]",
  ];
  const rows = command.options.map(
    (option) =>
      `| \`${option.flags.replaceAll("|", "\\|")}\` | ${option.envVar ? `\`${option.envVar}\`` : ""} | ${defaultOf(option)} | ${option.description.replaceAll("|", "\\|")} |`,
  );
  const table = ["| option | variable | default | |", "| --- | --- | --- | --- |", ...rows].join("\n");
  return `### \`${usage.join(" ")}\`\n\n${command.description()[0]!.toUpperCase()}${command.description().slice(1)}.\n\n${table}`;
}

function pathOf(command: Command): string {
  return command.parent && command.parent !== program
    ? `${pathOf(command.parent)} ${command.name()}`
    : command.name();
}

function defaultOf(option: Option): string {
  if (option.isBoolean()) return "off";
  return option.defaultValueDescription ?? "";
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`docs/cli.md has lost its mark ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
