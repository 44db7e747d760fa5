import { execFile, spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { cacheDirectory } from "./cache.ts";
import { exclusively } from "./lock.ts";
import path from "node:path";

const run = promisify(execFile);

/** Somebody else's apt or dpkg, such as the machine's own upgrades, may take long. Seconds. */
const PATIENCE_S = 600;
const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };

export const hasProgram = (name: string): boolean =>
  spawnSync("sh", ["-c", 'command -v "$0"', name]).status === 0;

/** Why a Debian package of that name, with a program of that name, cannot be had here; undefined when it can, or is there. */
export function programUnavailable(name: string): string | undefined {
  if (hasProgram(name)) return undefined;
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return `${name} is not installed, and only root on Linux can install it`;
  return hasProgram("apt-get") ? undefined : `neither ${name} nor apt-get is here`;
}

/** Installs it where it is missing: once, however many processes ask at once. */
export async function installProgram(name: string): Promise<void> {
  if (hasProgram(name)) return;
  await exclusively(path.join(cacheDirectory, "apt.lock"), async () => {
    if (hasProgram(name)) return;
    await apt("update");
    await apt("install", "-y", "--no-install-recommends", name);
  });
}

/** Waits for dpkg's lock, and for that of the package lists, for which apt has no option. */
async function apt(...args: string[]): Promise<void> {
  for (const begun = performance.now(); ;) {
    try {
      await run("apt-get", ["-o", `DPkg::Lock::Timeout=${PATIENCE_S}`, ...args], {
        env: environment,
        maxBuffer: 2 ** 26,
      });
      return;
    } catch (error) {
      const { stderr = "" } = error as { stderr?: string };
      const isLocked = /could not get lock|unable to (lock|acquire)/i.test(stderr);
      if (!isLocked || performance.now() - begun > PATIENCE_S * 1_000) throw error;
      await sleep(1_000);
    }
  }
}
