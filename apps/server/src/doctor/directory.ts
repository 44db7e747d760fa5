import { statSync } from "node:fs";
import { mkdtemp, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { whyUnusable } from "@prosopon/service";

export const WILL_BE_MADE = "will be created by the first start";

/**
 * Whether a directory that can be written is there; where none is, one can be made. Nothing is left of the look.
 * @throws Error with the reason
 */
export async function probeDirectory(path: string): Promise<boolean> {
  try {
    const there = nearestThatIsThere(path);
    await rmdir(await mkdtemp(join(there, ".prosopon-doctor-")));
    return there === path;
  } catch (error) {
    throw new Error(`${path} cannot be used: ${whyUnusable(error)}`, { cause: error });
  }
}

/** The path, or what is there of the directories above it. @throws the system's error */
export function nearestThatIsThere(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) ? path : nearestThatIsThere(dirname(path));
}
