import { randomBytes } from "node:crypto";
import { link, opendir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OURS } from "./names.ts";
import { syncDirectory } from "./sync.ts";
import type { Mark } from "./types.ts";

const MARK = "prosopon-place";
const PART = ".part";
/** What a fresh file system has of its own. */
const NOTHING = new Set(["lost+found", MARK]);

/** In a file that appears whole or not at all; whoever copies the directory whole copies its mark. */
export function createFileMark(directory: string): Mark {
  const path = join(directory, MARK);
  return {
    async read() {
      try {
        return await readFile(path, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    async write(text, { replace = false } = {}) {
      const part = join(directory, `${OURS}${randomBytes(18).toString("base64url")}${PART}`);
      await writeFile(part, text, { flag: "wx", flush: true, mode: 0o600 });
      try {
        if (replace) await rename(part, path);
        else await link(part, path).catch((error: NodeJS.ErrnoException) => appear(error, part, path));
      } finally {
        await rm(part, { force: true });
      }
      await syncDirectory(directory);
    },
    fresh: () => randomBytes(24).toString("base64url"),
    async isEmpty() {
      for await (const { name } of await opendir(directory)) {
        // A node that starts at the same time may be writing the mark.
        const isPart = name.startsWith(OURS) && name.endsWith(PART);
        if (!NOTHING.has(name) && !isPart) return false;
      }
      return true;
    },
  };
}

async function appear({ code }: NodeJS.ErrnoException, part: string, path: string): Promise<void> {
  if (code === "EEXIST") return; // another node was faster
  // Some network file systems have no links: there the last of several nodes that begin at once counts.
  await rename(part, path);
}
