#!/usr/bin/env node
import { CommanderError } from "commander";
import { tidyEnvironment } from "./environment.ts";
import { isSpoken } from "./errors.ts";
import { printError } from "./print.ts";
import { createProgram } from "./program.ts";
import { readSecretFiles } from "./secret-files.ts";

/** 0 done, 1 it failed, 2 it was asked wrongly. */
process.exitCode = await run();

async function run(): Promise<number> {
  try {
    const program = createProgram();
    readSecretFiles();
    tidyEnvironment(program);
    await program.parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has printed its own message by now; --help and --version end here with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    printError(`prosopon: ${isSpoken(error) ? error.message : ((error as Error)?.stack ?? String(error))}`);
    return (error as Error)?.name === "UsageError" ? 2 : 1;
  }
}
