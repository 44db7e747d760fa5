import Database from "better-sqlite3";
import { Gallery } from "../../gallery/gallery.ts";
import { StorageError } from "../types.ts";
import type { Erasure } from "./erasure.ts";
import { fromBytes } from "../embedding.ts";

/** What the parts of the back-end share. */
export interface Context {
  db: Database.Database;
  gallery: Gallery;
  erasure: Erasure;
  /** Internal number of an account. Accounts are never deleted, so it is looked up once. */
  accountRow(accountId: string): number | undefined;
  /** Runs `work` in one transaction that takes the write lock at its start, then what it asked for by `afterCommit`. */
  transaction<T>(work: () => T): T;
  /** Only inside `transaction`: runs in the same turn as the commit, and not at all when it is rolled back. */
  afterCommit(effect: () => void): void;
}

export function createContext(db: Database.Database, erasure: Erasure): Context {
  const accountRow = db.prepare<[string], number>("SELECT row FROM accounts WHERE id = ?").pluck();
  // Covered by faces_gallery, then one look-up by primary key per face; in slot order, so the vectors come in file order.
  const vectors = db
    .prepare<[number, number, number], [number, number, Uint8Array]>(
      `SELECT f.slot, f.identity, v.embedding FROM faces f INDEXED BY faces_gallery JOIN vectors v ON v.slot = f.slot
       WHERE f.account = ? AND f.slot > ? ORDER BY f.slot LIMIT ?`,
    )
    .raw();
  const vector = db.prepare<[number], Uint8Array>("SELECT embedding FROM vectors WHERE slot = ?").pluck();
  const known = new Map<string, number>();
  let effects: (() => void)[] = [];

  const gallery = new Gallery({
    page: (account, after, limit) =>
      vectors
        .all(account, after, limit)
        .map(([slot, identity, bytes]) => ({ slot, identity, vector: fromBytes(bytes) })),
    read: (slot) => fromBytes(vector.get(slot)!),
  });

  return {
    db,
    gallery,
    erasure,
    accountRow(accountId) {
      const row = known.get(accountId) ?? accountRow.get(accountId);
      if (row !== undefined) known.set(accountId, row);
      return row;
    },
    transaction(work) {
      effects = [];
      let result;
      try {
        result = db.transaction(work).immediate();
      } catch (error) {
        throw explain(error);
      }
      const committed = effects;
      effects = [];
      for (const effect of committed) effect();
      return result;
    },
    afterCommit: (effect) => void effects.push(effect),
  };
}

/** Tells a sick disk from a bug: the first is for the person who runs the server. */
function explain(error: unknown): unknown {
  if (
    !(error instanceof Database.SqliteError) ||
    !/^SQLITE_(FULL|IOERR|CORRUPT|NOTADB|READONLY)/.test(error.code)
  ) {
    return error;
  }
  return new StorageError(
    "unusable",
    `The data directory cannot be written (${error.code}: ${error.message}). Check the disk's space, health and permissions.`,
    { cause: error },
  );
}
