import type Database from "better-sqlite3";
import { Gallery } from "../../gallery/gallery.ts";
import { fromBytes } from "../embedding.ts";
import type { Erasure } from "./erasure.ts";
import type { CollectionKey } from "../types.ts";
import { createRecognisers, type Recognisers } from "./recognisers.ts";
import { explain, recycleLog, withRoom } from "./full.ts";
import { noReserve, type Reserve } from "./reserve.ts";

/** What the parts of the back-end share. */
export interface Context {
  db: Database.Database;
  gallery: Gallery;
  erasure: Erasure;
  /** Internal number of an account. Accounts are never deleted, so it is looked up once. */
  accountRow(accountId: string): number | undefined;
  /** Internal number of a collection that is not being deleted. */
  collectionRow(key: CollectionKey): number | undefined;
  recognisers: Recognisers;
  /**
   * Runs `work` in one transaction that takes the write lock at its start, then what it asked for by `afterCommit`. On a full
   * disk it is run again in the room of the reserve. @throws StorageError `full`, `unusable`
   */
  transaction<T>(work: () => T): T;
  /** The same for what can wait for room, as jobs can: the reserve is left to deleting, logging out and sweeping. */
  patientTransaction<T>(work: () => T): T;
  /** Only inside `transaction`: runs in the same turn as the commit, and not at all when it is rolled back. */
  afterCommit(effect: () => void): void;
}

export function createContext(
  db: Database.Database,
  erasure: Erasure,
  reserve: Reserve = noReserve,
): Context {
  const accountRow = db.prepare<[string], number>("SELECT row FROM accounts WHERE id = ?").pluck();
  const collectionRow = db
    .prepare<[string, string], number>(
      `SELECT c.row FROM collections c JOIN accounts a ON a.row = c.account
       WHERE c.id = ? AND a.id = ? AND c.deleted_at IS NULL`,
    )
    .pluck();
  // Covered by faces_gallery, then one look-up by primary key per face; in slot order, so the vectors come in file order.
  const vectors = db
    .prepare<[number, number, number], [number, number, Uint8Array]>(
      `SELECT f.slot, f.identity, v.embedding FROM faces f INDEXED BY faces_gallery JOIN vectors v ON v.slot = f.slot
       WHERE f.gallery = ? AND f.slot > ? ORDER BY f.slot LIMIT ?`,
    )
    .raw();
  const vector = db
    .prepare<[number, number], Uint8Array>(
      "SELECT v.embedding FROM faces f JOIN vectors v ON v.slot = f.slot WHERE f.slot = ? AND f.identity = ?",
    )
    .pluck();
  const known = new Map<string, number>();
  let effects: (() => void)[] = [];

  const gallery = new Gallery({
    page: (of, after, limit) =>
      vectors
        .all(of, after, limit)
        .map(([slot, identity, bytes]) => ({ slot, identity, vector: fromBytes(bytes) })),
    read(slot, identity) {
      const bytes = vector.get(slot, identity);
      return bytes && fromBytes(bytes);
    },
  });

  function transaction<T>(work: () => T, waysToRoom: (() => boolean)[]): T {
    let result;
    try {
      result = withRoom(waysToRoom, () => {
        effects = [];
        return db.transaction(work).immediate();
      });
    } catch (error) {
      throw explain(error);
    }
    const committed = effects;
    effects = [];
    for (const effect of committed) effect();
    return result;
  }

  return {
    db,
    gallery,
    erasure,
    accountRow(accountId) {
      const row = known.get(accountId) ?? accountRow.get(accountId);
      // Inside a transaction the account may be one that is rolled back.
      if (row !== undefined && !db.inTransaction) known.set(accountId, row);
      return row;
    },
    collectionRow: ({ accountId, collectionId }) => collectionRow.get(collectionId, accountId),
    recognisers: createRecognisers(db),
    transaction: (work) => transaction(work, [() => recycleLog(db), reserve.giveUp]),
    patientTransaction: (work) => transaction(work, [() => recycleLog(db)]),
    afterCommit: (effect) => void effects.push(effect),
  };
}
