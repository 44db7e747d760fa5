import { Command } from "commander";
import { options } from "../config.ts";
import type { DoctorOptions } from "../doctor/doctor.ts";

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description(
      "check models, hashes, threads, memory, disk, data or database and pending images, and time a recognition; servers may be running",
    )
    .action(async (values: DoctorOptions) => {
      const { doctor } = await import("../doctor/doctor.ts");
      process.exitCode = await doctor(values);
    });
  for (const option of options(
    "data",
    "databaseUrl",
    "databaseDirectUrl",
    "galleryFaces",
    "blobs",
    "threads",
    "maxPixels",
    "json",
  ))
    command.addOption(option);
  return command;
}
