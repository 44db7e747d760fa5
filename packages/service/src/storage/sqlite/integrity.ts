import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";

/**
 * Reads the whole database and checks that it is sound, also while a server runs on it; changes nothing.
 * Returns what is wrong, in SQLite's words; empty when all is well or there is no data yet.
 */
export function checkSqliteIntegrity(directory: string): string[] {
  const path = join(directory, "prosopon.db");
  if (!existsSync(path)) return [];
  const db = new Database(path, { readonly: true, timeout: 5000 });
  try {
    const rows = db.pragma("integrity_check(10)") as { integrity_check: string }[];
    return rows.map((row) => row.integrity_check).filter((line) => line !== "ok");
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    return [error.message];
  } finally {
    db.close();
  }
}
