import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "better-sqlite3";
import { withRoom } from "./full.ts";
import { noReserve, type Reserve } from "./reserve.ts";

/**
 * Settling time, milliseconds: how long after a deletion its bytes may still lie in the write-ahead log. One checkpoint
 * serves all deletions of that span. It starts later only while another process reads the database.
 */
export const SETTLE_MS = 2_000;
/** Between tries while a reader in another process holds the log. */
const RETRY_MS = 50;

export interface Erasure {
  /** Something was deleted: the log is emptied within SETTLE_MS. */
  schedule(): void;
  settle(): Promise<void>;
  stop(): void;
}

/** secure_delete has overwritten the pages themselves; older images of them live in the log until it is cut to nothing. */
export function createErasure(db: Database, reserve: Pick<Reserve, "giveUp"> = noReserve): Erasure {
  let pending = false;
  let timer: NodeJS.Timeout | undefined;

  function truncateLog(): boolean {
    // Waiting for a reader here would stop the whole process.
    db.pragma("busy_timeout = 0");
    try {
      // The log may hold pages that the database has no room for yet.
      const [outcome] = withRoom(
        [reserve.giveUp],
        () => db.pragma("wal_checkpoint(TRUNCATE)") as [{ busy: number }],
      );
      pending = outcome.busy !== 0;
    } finally {
      db.pragma("busy_timeout = 5000");
    }
    return !pending;
  }

  function wake(delay: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (db.open && pending && !truncated()) wake(RETRY_MS);
    }, delay).unref();
  }

  /** As true where the disk takes no more: it is tried again in its own time. */
  function truncated(): boolean {
    try {
      return truncateLog();
    } catch {
      pending = true;
      wake(SETTLE_MS);
      return true;
    }
  }

  return {
    schedule() {
      pending = true;
      wake(SETTLE_MS);
    },
    async settle() {
      while (db.open && pending && !truncateLog()) await sleep(RETRY_MS);
    },
    stop() {
      clearTimeout(timer);
      if (db.open && pending) truncated();
      clearTimeout(timer);
    },
  };
}
