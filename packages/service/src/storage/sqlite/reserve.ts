import { randomFillSync } from "node:crypto";
import { rmSync, statfsSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

/** A checkpoint comes after 4 MiB of log, and the largest step of a deletion writes as much: with room for both, all go on. */
const BYTES = 16 * 2 ** 20;
/** Of a small file system no more than this share. */
const SHARE = 1 / 12;
/** Between looks whether there is room to set aside again, ms. */
const LOOK_MS = 5_000;
const CHUNK = 2 ** 20;

/** Room on the disk that nobody else takes: when all else is full, deleting, logging out and sweeping go on in it. */
export interface Reserve {
  /** Gives the room to the database. False when there is none. */
  giveUp(): boolean;
  close(): Promise<void>;
}

export const noReserve: Reserve = { giveUp: () => false, close: async () => {} };

const pathIn = (directory: string): string => join(directory, "reserve");

/** Before the database is opened: even that takes some room. False when there was no reserve. */
export function dropReserve(directory: string): boolean {
  const there = sizeOf(pathIn(directory)) > 0;
  rmSync(pathIn(directory), { force: true });
  return there;
}

/** A file in the data directory, written in the background when there is room for it and as much again. */
export function createReserve(directory: string): Reserve {
  const path = pathIn(directory);
  let timer: NodeJS.Timeout | undefined;
  let filling = new AbortController();
  let filled: Promise<void> = Promise.resolve();
  let closed = false;

  async function fill({ signal }: AbortController): Promise<boolean> {
    const { blocks, bavail, bsize } = statfsSync(directory);
    const bytes = Math.floor(Math.min(BYTES, blocks * bsize * SHARE));
    if (sizeOf(path) === bytes) return true;
    rmSync(path, { force: true });
    if (bavail * bsize < 2 * bytes) return false;
    const file = await open(path, "wx", 0o600);
    try {
      // Random: where the file system compresses, zeros would keep no room.
      const chunk = randomFillSync(Buffer.alloc(CHUNK));
      for (let at = 0; at < bytes; at += CHUNK) {
        if (signal.aborted) return false;
        await file.write(chunk, 0, Math.min(CHUNK, bytes - at));
      }
      return true;
    } finally {
      await file.close();
    }
  }

  async function keep(): Promise<void> {
    filling = new AbortController();
    const there = await fill(filling).catch(() => false);
    if (there || closed) return;
    rmSync(path, { force: true });
    later();
  }

  function later(): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      filled = keep();
    }, LOOK_MS).unref();
  }
  filled = keep();

  return {
    giveUp() {
      filling.abort();
      if (!dropReserve(directory)) return false;
      later();
      return true;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      filling.abort();
      await filled;
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
