import type { Values } from "../config.ts";
import { printJson, printLine, printTable } from "../print.ts";
import type { Check } from "./check.ts";
import {
  checkDataDirectory,
  checkDisk,
  checkIntegrity,
  checkMemory,
  checkNode,
  checkThreads,
} from "./machine.ts";
import { checkModels, checkSelfTest } from "./recognition.ts";

export type DoctorOptions = Values<"data" | "threads" | "maxPixels" | "json">;

/** Looks at everything a server needs, also beside a running one. Returns the exit code: 1 when something fails. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const { data, json } = options;
  const checks: Check[] = [
    await checkNode(),
    await checkThreads(options.threads),
    await checkMemory(),
    await checkDataDirectory(data),
    await checkDisk(data),
    await checkIntegrity(data),
    ...(await checkModels()),
    await checkSelfTest(options),
  ];
  const healthy = checks.every(({ state }) => state !== "fail");
  if (json) printJson({ healthy, checks });
  else {
    printTable(checks.map(({ name, state, detail }) => ({ check: name, state, found: detail })));
    for (const { name, fix, state } of checks) if (fix && state !== "ok") printLine(`\n${name}: ${fix}`);
    printLine(healthy ? "\nReady to serve." : "\nNot fit to serve.");
  }
  return healthy ? 0 : 1;
}
