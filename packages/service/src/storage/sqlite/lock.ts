import Database from "better-sqlite3";
import { StorageError } from "../types.ts";
import { explain } from "./full.ts";

/**
 * Holds the data directory for this process: an exclusive transaction on a file of its own. The operating system drops
 * the lock with the process, however that ends, so there is never a stale one to clear.
 * @throws StorageError `locked`, `full`, `unusable`
 */
export function lockDirectory(directory: string, path: string): { release(): void } {
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { timeout: 0 });
    // Takes no room, which there may be none of.
    database.pragma("journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw explain(error);
    throw new StorageError(
      "locked",
      `The data directory ${directory} is in use by another Prosopon server. Stop that one first, or give this one another directory.`,
      { cause: error },
    );
  }
  const held = database;
  return { release: () => void held.close() };
}
