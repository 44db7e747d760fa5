import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import Database from "better-sqlite3";
import { connect } from "../sqlite/connect.ts";
import { checkSqliteIntegrity } from "../sqlite/integrity.ts";
import { lockDirectory } from "../sqlite/lock.ts";
import { isUpToDate } from "../sqlite/migrate.ts";
import { StorageError } from "../types.ts";
import { fromSqlite, type Row } from "./columns.ts";
import { type Image, imagesOf } from "./images.ts";
import { keyOf, sourceQuery, type Table } from "./tables.ts";

export interface Source {
  /** The next rows behind a key, at most a batch. */
  rows(table: Table, behind: readonly (string | number)[] | null): Row[];
  /** All rows, a batch at a time. */
  batches(table: Table): Generator<Row[]>;
  count(table: Table): number;
  /** The images that unfinished jobs and uploads need, by id. */
  readonly images: readonly Image[];
  close(): void;
}

/**
 * A data directory as it stands at this moment; nothing in it is changed. Locked, so that no server can start on it, or
 * not, to look at it beside one.
 * @throws StorageError `locked` when a server has it; `unusable` when there is no data, or it is old, damaged or incomplete.
 */
export function openSource(directory: string, { lock }: { lock: boolean }): Source {
  const path = join(resolve(directory), "prosopon.db");
  if (!existsSync(path)) {
    throw new StorageError(
      "unusable",
      `There is no Prosopon data in ${directory}. Name the directory that \`serve\` was given.`,
    );
  }
  const held = lock ? lockSource(directory) : undefined;
  let db: Database.Database | undefined;
  try {
    db = connect(path, true);
    checkVersion(db, directory);
    // One snapshot for all that is read.
    db.exec("BEGIN");
    db.prepare("SELECT count(*) FROM accounts").get();
    checkSound(db, directory);
    return read(db, imagesOf(db), directory, () => held?.release());
  } catch (error) {
    db?.close();
    held?.release();
    throw spoken(error, directory);
  }
}

function read(db: Database.Database, images: Image[], directory: string, release: () => void): Source {
  const source: Source = {
    images,
    rows(table, behind) {
      try {
        const found = db
          .prepare<unknown[], unknown[]>(sourceQuery(table, behind !== null))
          .raw()
          .all(...(behind ?? []), table.batch);
        return found.map((row) => row.map((value, index) => fromSqlite(table.columns[index]!.type, value)));
      } catch (error) {
        throw spoken(error, directory);
      }
    },
    *batches(table) {
      for (let behind: (string | number)[] | null = null; ;) {
        const rows = source.rows(table, behind);
        yield rows;
        if (rows.length < table.batch) return;
        behind = keyOf(table, rows.at(-1)!);
      }
    },
    count: (table) => db.prepare<[], number>(`SELECT count(*) FROM ${table.from}`).pluck().get()!,
    close() {
      db.close();
      release();
    },
  };
  return source;
}

function lockSource(directory: string): { release(): void } {
  const path = join(resolve(directory), "lock.db");
  try {
    // A copy of a directory may come without it.
    if (!existsSync(path)) writeFileSync(path, "", { mode: 0o600 });
    return lockDirectory(directory, path);
  } catch (error) {
    if (error instanceof StorageError)
      throw new StorageError(
        "locked",
        `A server runs on ${directory}, or another transfer of it. Stop it first: what it still wrote would be lost.`,
        { cause: error },
      );
    throw new StorageError(
      "unusable",
      `The lock in ${directory} cannot be taken (${(error as Error).message}). The directory must be writable, although its data is only read.`,
      { cause: error },
    );
  }
}

function checkVersion(db: Database.Database, directory: string): void {
  if (isUpToDate(db)) return;
  throw new StorageError(
    "unusable",
    `The data in ${directory} is of an older version. Start this version's server on it once, stop it, and move the data then.`,
  );
}

function checkSound(db: Database.Database, directory: string): void {
  const [broken] = checkSqliteIntegrity(directory);
  if (broken !== undefined) throw damaged(directory, broken);
  const [dangling] = db.pragma("foreign_key_check") as { table: string; parent: string }[];
  if (dangling)
    throw damaged(directory, `${dangling.table} refers to rows of ${dangling.parent} that are not there`);
}

function damaged(directory: string, what: string, cause?: unknown): StorageError {
  return new StorageError(
    "unusable",
    `The data in ${directory} is damaged or was copied in part: ${what}. Nothing of it was changed. Move it from a sound copy, e.g. a backup.`,
    { cause },
  );
}

function spoken(error: unknown, directory: string): unknown {
  if (error instanceof StorageError) return error;
  if (error instanceof Database.SqliteError || error instanceof RangeError || error instanceof SyntaxError)
    return damaged(directory, error.message.replace(/\.$/, ""), error);
  return error;
}
