import { statfs } from "node:fs/promises";
import { availableParallelism, freemem, totalmem } from "node:os";
import { resolve } from "node:path";
import { check, gibibytes, type Check } from "./check.ts";
import { nearestThatIsThere, probeDirectory, WILL_BE_MADE } from "./directory.ts";

/** The oldest Node that our client's HTTP library takes. */
const MIN_NODE_MAJOR = 22;
/** At rest a server takes up to 400 MB; a photo of 100 megapixels takes 300 MB while it is decoded. */
const LOW_MEMORY = 2 ** 30;
/** One upload may have 2 GB, and a face takes well under 10 kB. */
const LOW_DISK = 4 * 2 ** 30;

export function checkNode(): Promise<Check> {
  return check("node", "", () => {
    const enough = Number(process.versions.node.split(".")[0]) >= MIN_NODE_MAJOR;
    return {
      state: enough ? "ok" : "fail",
      detail: `${process.version} on ${process.platform}-${process.arch}`,
      ...(!enough && { fix: `Install Node ${MIN_NODE_MAJOR} or later.` }),
    };
  });
}

export function checkThreads(threads: number): Promise<Check> {
  return check("threads", "", () => {
    const cores = availableParallelism();
    const fits = threads <= cores;
    return {
      state: fits ? "ok" : "warn",
      detail: `${threads} for recognition, ${cores} cores`,
      ...(!fits && { fix: "More threads than cores are slower: lower --threads or PROSOPON_THREADS." }),
    };
  });
}

export function checkMemory(): Promise<Check> {
  return check("memory", "", () => {
    // Counts what caches would give back, and a container's own bound.
    const free = process.availableMemory?.() ?? freemem();
    const enough = free >= LOW_MEMORY;
    return {
      state: enough ? "ok" : "warn",
      detail: `${gibibytes(free)} of ${gibibytes(totalmem())} available`,
      ...(!enough && { fix: "Big photos may not fit: free some memory, or lower --max-pixels." }),
    };
  });
}

export function checkDataDirectory(data: string): Promise<Check> {
  return check(
    "data",
    "Give this user the right to write there, or choose another with --data or PROSOPON_DATA.",
    async () => {
      const directory = resolve(data);
      const there = await probeDirectory(directory);
      return { state: "ok", detail: `${directory} ${there ? "can be written" : WILL_BE_MADE}` };
    },
  );
}

export function checkDisk(data: string): Promise<Check> {
  return check("disk", "Check the data directory.", async () => {
    const { bavail, bsize } = await statfs(nearestThatIsThere(resolve(data)));
    const free = bavail * bsize;
    const enough = free >= LOW_DISK;
    return {
      state: enough ? "ok" : "warn",
      detail: `${gibibytes(free)} free`,
      ...(!enough && { fix: "A big upload may not fit: free some space." }),
    };
  });
}

export function checkIntegrity(data: string): Promise<Check> {
  return check("integrity", "Restore the data directory from a back-up.", async () => {
    const { checkSqliteIntegrity } = await import("@prosopon/service/sqlite");
    const wrong = checkSqliteIntegrity(resolve(data));
    return wrong.length === 0
      ? { state: "ok", detail: "the database is sound" }
      : {
          state: "fail",
          detail: wrong.join("; "),
          fix: "Stop the server and restore the data directory from a back-up.",
        };
  });
}
