import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { unlessRequired } from "../../../../tools/debian.ts";
import type { TestPostgres } from "../../../../tools/postgres.ts";
import { execute, query } from "./database.ts";

/** Why the server's files cannot be looked into, in words for a skipped test. */
export function filesUnavailable({ directory }: TestPostgres): string | undefined {
  return unlessRequired(directory ? undefined : "the server's files cannot be read from here");
}

/** Which files of a database's tables and indexes hold the bytes. The write-ahead log is another matter: docs/operations.md. */
export async function findInFiles(server: string, url: string, bytes: Uint8Array): Promise<string[]> {
  await execute(url, "CHECKPOINT");
  const [{ oid } = { oid: 0 }] = await query<{ oid: number }>(
    url,
    "SELECT oid FROM pg_database WHERE datname = current_database()",
  );
  const folder = path.join(server, "base", String(oid));
  const found = [];
  for (const name of await readdir(folder)) {
    // PostgreSQL removes files meanwhile, its cache of the catalog for one.
    const held = await readFile(path.join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return Buffer.alloc(0);
      throw error;
    });
    if (held.includes(bytes)) found.push(name);
  }
  return found;
}
