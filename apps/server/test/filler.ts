import { open, rm } from "node:fs/promises";
import { join } from "node:path";

export interface Filler {
  /** Takes what room there is, to the last byte. */
  fill(): Promise<void>;
  empty(): Promise<void>;
}

/** A file that takes the room of the file system that the directory is on. */
export function fillerIn(directory: string): Filler {
  const path = join(directory, "filler");
  return {
    async fill() {
      const file = await open(path, "a");
      for (let size = 2 ** 20; size >= 1;) {
        const { bytesWritten } = await file.write(Buffer.alloc(size, 1)).catch(() => ({ bytesWritten: 0 }));
        if (bytesWritten < size) size /= 2;
      }
      await file.close();
    },
    empty: () => rm(path, { force: true }),
  };
}
