import type { Values } from "../config.ts";
import { printJson, printLine, printTable } from "../print.ts";
import { checkBlobs } from "./blobs.ts";
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

export type DoctorOptions = Values<
  "data" | "databaseUrl" | "databaseDirectUrl" | "galleryFaces" | "blobs" | "threads" | "maxPixels" | "json"
>;

/** Looks at everything a server needs, also beside a running one. Returns the exit code: 1 when something fails. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const { data, databaseUrl, blobs, json } = options;
  const shared = databaseUrl ? await checkShared(databaseUrl, options) : undefined;
  const checks: Check[] = [
    await checkNode(),
    await checkThreads(options.threads),
    await checkMemory(),
    // Of nodes that share a database and a place for images, nothing lies in the data directory.
    ...(databaseUrl && blobs ? [] : [await checkDataDirectory(data), await checkDisk(data)]),
    ...(shared?.checks ?? [await checkIntegrity(data)]),
    await checkBlobs(options, shared?.place),
    ...(await checkModels()),
    await checkSelfTest(options),
  ];
  const healthy = checks.every(({ state }) => state !== "fail");
  if (json) printJson({ healthy, checks });
  else {
    printTable(checks.map(({ name, state, detail }) => ({ check: name, state, found: detail })));
    for (const { name, fix, state } of checks) if (fix && state !== "ok") printLine(`\n${name}: ${fix}`);
    printLine(healthy ? "\nReady to serve." : "\nNot ready to serve.");
  }
  return healthy ? 0 : 1;
}

async function checkShared(
  url: string,
  { databaseDirectUrl, galleryFaces }: DoctorOptions,
): Promise<{ checks: Check[]; place?: Uint8Array | undefined }> {
  const [{ checkDatabase }, { checkSearch }] = await Promise.all([
    import("./database.ts"),
    import("./search.ts"),
  ]);
  const { checks, place } = await checkDatabase(url, databaseDirectUrl);
  const usable = checks[0]?.state !== "fail";
  return { checks: usable ? [...checks, ...(await checkSearch(url, galleryFaces))] : checks, place };
}
