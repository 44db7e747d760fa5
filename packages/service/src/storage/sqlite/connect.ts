import Database from "better-sqlite3";

export function connect(path: string, readonly: boolean): Database.Database {
  const db = new Database(path, { readonly, timeout: 5000 });
  try {
    if (!readonly) db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("secure_delete = ON");
    db.pragma("foreign_keys = ON");
    // Sorting never spills personal data into a temporary file.
    db.pragma("temp_store = MEMORY");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
