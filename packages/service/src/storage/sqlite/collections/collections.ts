import { decodeCursor, page } from "../../cursor.ts";
import { changed, nameTaken } from "../../rules/collections.ts";
import { usedUp } from "../../rules/quotas.ts";
import { type Collection, type Storage, StorageError } from "../../types.ts";
import type { Context } from "../context.ts";
import { COLLECTION_COLUMNS, collectionRecord, type CollectionRow } from "./record.ts";

export type Collections = Pick<Storage["collections"], "create" | "get" | "list" | "update"> & {
  /** Inside a transaction that has found its name free. */
  insert(collection: Collection): void;
};

export function createCollections({ db, accountRow, transaction }: Context): Collections {
  const from = `SELECT ${COLLECTION_COLUMNS} FROM collections c JOIN accounts a ON a.row = c.account`;
  const insert = db.prepare(
    "INSERT INTO collections (account, id, name, settings, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
  );
  // The key of ids, and collections_name.
  const byId = db.prepare<[number, string], CollectionRow>(
    `${from} WHERE c.account = ? AND c.id = ? AND c.deleted_at IS NULL`,
  );
  const byName = db.prepare<[number, string], CollectionRow>(
    `${from} WHERE c.account = ? AND c.name = ? AND c.deleted_at IS NULL`,
  );
  const count = db
    .prepare<[number], number>("SELECT count(*) FROM collections WHERE account = ? AND deleted_at IS NULL")
    .pluck();
  // collections_page
  const list = db.prepare<[number, number, string, number], CollectionRow>(
    `${from} WHERE c.account = ? AND c.deleted_at IS NULL AND (c.created_at, c.id) < (?, ?)
     ORDER BY c.created_at DESC, c.id DESC LIMIT ?`,
  );
  const update = db.prepare("UPDATE collections SET name = ?, settings = ?, updated_at = ? WHERE row = ?");

  const collections: Collections = {
    insert({ id, accountId, name, settings, createdAt, updatedAt }) {
      insert.run(accountRow(accountId)!, id, name, JSON.stringify(settings), createdAt, updatedAt);
    },
    async create(collection, { collections: most = Infinity } = {}) {
      const account = accountRow(collection.accountId);
      if (account === undefined) throw new StorageError("not-found", "There is no such account.");
      transaction(() => {
        if (byName.get(account, collection.name)) throw nameTaken();
        if (count.get(account)! >= most) throw new StorageError("quota", usedUp("collections", most));
        collections.insert(collection);
      });
    },
    async get(accountId, idOrName) {
      const account = accountRow(accountId) ?? -1;
      const row = byId.get(account, idOrName) ?? byName.get(account, idOrName);
      return row && collectionRecord(row);
    },
    async list(accountId, { limit, cursor }) {
      const { createdAt, id } = decodeCursor(cursor);
      const rows = list.all(accountRow(accountId) ?? -1, createdAt, id, limit + 1);
      return page(rows.map(collectionRecord), limit);
    },
    async update({ accountId, collectionId }, change, now) {
      const account = accountRow(accountId) ?? -1;
      return transaction(() => {
        const row = byId.get(account, collectionId);
        if (!row) return undefined;
        const after = changed(collectionRecord(row), change, now);
        if ((byName.get(account, after.name)?.row ?? row.row) !== row.row) throw nameTaken();
        update.run(after.name, JSON.stringify(after.settings), now, row.row);
        return after;
      });
    },
  };
  return collections;
}
