import Database from "better-sqlite3";
import { isNoRoom } from "../../no-room.ts";
import { StorageError } from "../types.ts";

/** No room for the database, its log or the log's index. A user's quota that is used up shows as IOERR_WRITE. */
const FULL = /^(SQLITE_(FULL|IOERR_(WRITE|TRUNCATE|SHMSIZE))|ENOSPC|EDQUOT)$/;

const codeOf = (error: unknown): string =>
  error instanceof Database.SqliteError || isNoRoom(error) ? (error as { code: string }).code : "";

export function isFull(error: unknown): boolean {
  return FULL.test(codeOf(error)) || (error instanceof StorageError && error.code === "full");
}

/** Does it again where a way to more room is found; what failed has been rolled back. */
export function withRoom<T>(ways: (() => boolean)[], write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (!isFull(error)) throw error;
    for (const [index, find] of ways.entries()) if (find()) return withRoom(ways.slice(index + 1), write);
    throw error;
  }
}

/** Writes the log back where that is possible, so that its room is used again from the beginning. */
export function recycleLog(db: Database.Database): boolean {
  try {
    const [{ log, checkpointed }] = db.pragma("wal_checkpoint(PASSIVE)") as [
      { log: number; checkpointed: number },
    ];
    return log > 0 && log === checkpointed;
  } catch {
    return false;
  }
}

/** Tells a full and a sick disk from a bug: the first two are for the person who runs the server. */
export function explain(error: unknown): unknown {
  const code = codeOf(error);
  if (FULL.test(code))
    return new StorageError(
      "full",
      `The data directory takes no more (${code}): its disk is full, or a quota of it is used up. Free some space; nothing else needs to be done.`,
      { cause: error },
    );
  if (code.startsWith("SQLITE_CANTOPEN"))
    return new StorageError(
      "unusable",
      "The database cannot be opened in the data directory. Its path may have 490 bytes; what is named prosopon.db or lock.db there must be a file that this user may write.",
      { cause: error },
    );
  if (!/^SQLITE_(IOERR|CORRUPT|NOTADB|READONLY)/.test(code)) return error;
  return new StorageError(
    "unusable",
    `The data directory cannot be written (${code}: ${(error as Error).message}). Check the disk's space, health and permissions.`,
    { cause: error },
  );
}
