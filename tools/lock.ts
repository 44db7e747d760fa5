import { mkdir } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

/** SQLite's code for a lock that somebody has. */
const BUSY = 5;
/** Between tries, ms. */
const RETRY_MS = 100;

/**
 * Does the work while no other process does work under the same lock file, and waits for its turn as long as it takes. The operating
 * system drops the lock with the process that has it, however that ends.
 */
export async function exclusively<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    while (!take(lock)) await sleep(RETRY_MS);
    return await work();
  } finally {
    lock.close();
  }
}

function take(lock: DatabaseSync): boolean {
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== BUSY) throw error;
    return false;
  }
}
