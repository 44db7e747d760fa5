import { Command } from "commander";
import { options } from "../config.ts";
import type { EnrolOptions } from "../enrol/enrol.ts";

export function enrolCommand(): Command {
  const command = new Command("enrol")
    .description(
      "enrol a folder that holds one folder of photos per person; run again to resume or to add new photos",
    )
    .argument("<dir>", "DIR/<person>/<photo>.jpg; the folder's name becomes the person's external id")
    .action(async (directory: string, values: EnrolOptions) => {
      const { enrol } = await import("../enrol/enrol.ts");
      process.exitCode = await enrol(directory, values);
    });
  for (const option of options(
    "url",
    "clientId",
    "secretId",
    "collection",
    "embedded",
    "data",
    "threads",
    "maxPixels",
    "concurrency",
    "timeout",
    "state",
    "json",
  ))
    command.addOption(option);
  return command;
}
