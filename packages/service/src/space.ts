import { statfs } from "node:fs/promises";
import type { Logger } from "pino";
import { StorageError } from "./storage/types.ts";

/**
 * The default floor: so much of a file system, but no more than so many bytes. More than the reserve of the database
 * (storage/sqlite/reserve.ts), so that what that gives up is not taken for new data.
 */
const FLOOR_SHARE = 1 / 8;
const FLOOR_BYTES = 256 * 2 ** 20;

export interface SpaceOptions {
  /** What lies there, for messages, which name no directory: callers see them. */
  places: { name: string; directory: string }[];
  /** Bytes. Default: an eighth of the file system, at most 256 MiB. */
  minFreeBytes?: number | undefined;
}

/** Room on the disks that this node writes to. What adds data is refused while there is less than the floor; all else goes on. */
export interface Space {
  /** Why no more data is taken now; undefined when it is. */
  shortage(): Promise<string | undefined>;
  /** @throws StorageError `full` when less than the floor would be left with `bytes` more */
  admit(bytes?: number): Promise<void>;
}

export const endlessSpace: Space = { shortage: async () => undefined, admit: async () => {} };

export function createSpace({ places, minFreeBytes }: SpaceOptions, logger: Logger): Space {
  const low = new Set<string>();

  async function reason(bytes: number): Promise<string | undefined> {
    for (const { name, directory } of places) {
      // What cannot be looked at tells its own fault when it is written to.
      const stats = await statfs(directory).catch(() => undefined);
      if (!stats) continue;
      const free = stats.bavail * stats.bsize;
      const floor = minFreeBytes ?? Math.min(stats.blocks * stats.bsize * FLOOR_SHARE, FLOOR_BYTES);
      tell(name, directory, free, floor);
      if (free < floor)
        return `the disk of ${name} has ${megabytes(free)} free, less than the ${megabytes(floor)} that must stay free: more data is refused until there is more, all else goes on`;
      if (free - bytes < floor)
        return `this would leave less than the ${megabytes(floor)} that must stay free on the disk of ${name}`;
    }
    return undefined;
  }

  function tell(name: string, directory: string, free: number, floor: number): void {
    const about = { place: name, directory, free, floor };
    if (free < floor && !low.has(name)) {
      low.add(name);
      logger.error(about, "the disk is too full: no more data is taken until it has room");
    } else if (free >= floor && low.delete(name)) logger.info(about, "the disk has room again");
  }

  void reason(0);
  return {
    shortage: () => reason(0),
    async admit(bytes = 0) {
      const found = await reason(bytes);
      if (found) throw new StorageError("full", found);
    },
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
