import type { Database } from "better-sqlite3";
import { StorageError } from "../types.ts";
import { migrations } from "./migrations.generated.ts";

/** How many migrations the database has seen; SQLite keeps the number in the file's header. */
export function schemaVersion(db: Database): number {
  return db.pragma("user_version", { simple: true }) as number;
}

export function isUpToDate(db: Database): boolean {
  const version = schemaVersion(db);
  if (version > migrations.length) {
    throw new StorageError(
      "unusable",
      `The data was written by a newer Prosopon (schema ${version}, this one knows ${migrations.length}). Install that version again, or a later one.`,
    );
  }
  return version === migrations.length;
}

/** Each migration commits with its number, so one that is cut short runs again from its start. */
export function migrate(db: Database): void {
  while (!isUpToDate(db)) {
    db.transaction(() => {
      const version = schemaVersion(db);
      const next = migrations[version];
      if (!next) return;
      db.exec(next.sql);
      db.pragma(`user_version = ${version + 1}`);
    }).immediate();
  }
}
