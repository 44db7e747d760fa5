import { decodeCursor, page } from "../../cursor.ts";
import { changed, nameTaken } from "../../rules/collections.ts";
import { usedUp } from "../../rules/quotas.ts";
import { type Collection, type Storage, StorageError } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Transaction } from "../database.ts";
import { isUniqueViolation } from "../faults.ts";
import { storable, toJson } from "../text.ts";
import { COLLECTION_COLUMNS, collectionRecord, type CollectionRow } from "./record.ts";

/** Inside a transaction. @throws a unique violation where the account has one of this name */
export async function insertCollection(
  { query }: Transaction,
  account: number,
  { id, name, settings, createdAt, updatedAt }: Collection,
): Promise<void> {
  await query(
    "INSERT INTO collections (account, id, name, settings, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)",
    [account, id, storable(name), toJson(settings), createdAt, updatedAt],
  );
}

export function createCollections({
  read,
  transaction,
  accountRow,
}: Context): Pick<Storage["collections"], "create" | "get" | "list" | "update"> {
  const from = `SELECT ${COLLECTION_COLUMNS} FROM collections c WHERE c.account = $1 AND c.deleted_at IS NULL`;

  return {
    async create(collection, { collections: most = Infinity } = {}) {
      const account = await accountRow(collection.accountId);
      if (account < 0) throw new StorageError("not-found", "There is no such account.");
      await spoken(() =>
        transaction(
          async (tx) => {
            // One at a time, so that no two of them take the last place.
            await tx.query("SELECT 1 FROM accounts WHERE row = $1 FOR NO KEY UPDATE", [account]);
            const there = await tx.query<{ id: string }>(
              "SELECT id FROM collections WHERE account = $1 AND deleted_at IS NULL",
              [account],
            );
            // Written before the connection broke.
            if (there.some(({ id }) => id === collection.id)) return;
            await insertCollection(tx, account, collection);
            if (there.length >= most) throw new StorageError("quota", usedUp("collections", most));
          },
          { repeatable: true },
        ),
      );
    },
    async get(accountId, idOrName) {
      // The key of ids, and collections_name; an id goes before a name.
      const [row] = await read<CollectionRow>(
        `${from} AND (c.id = $2 OR c.name = $2) ORDER BY c.id <> $2 LIMIT 1`,
        [await accountRow(accountId), storable(idOrName)],
      );
      return row && collectionRecord(row);
    },
    async list(accountId, { limit, cursor }) {
      const { createdAt, id } = decodeCursor(cursor);
      // collections_page
      const rows = await read<CollectionRow>(
        `${from} AND (c.created_at, c.id) < ($2, $3) ORDER BY c.created_at DESC, c.id DESC LIMIT $4`,
        [await accountRow(accountId), createdAt, storable(id), limit + 1],
      );
      return page(rows.map(collectionRecord), limit);
    },
    async update({ accountId, collectionId }, change, now) {
      const account = await accountRow(accountId);
      return spoken(() =>
        transaction(
          async ({ query }) => {
            const [row] = await query<CollectionRow>(`${from} AND c.id = $2 FOR NO KEY UPDATE OF c`, [
              account,
              storable(collectionId),
            ]);
            if (!row) return undefined;
            const after = changed(collectionRecord(row), change, now);
            await query("UPDATE collections SET name = $2, settings = $3, updated_at = $4 WHERE row = $1", [
              row.row,
              storable(after.name),
              toJson(after.settings),
              now,
            ]);
            return after;
          },
          { repeatable: true },
        ),
      );
    },
  };
}

/** collections_name refuses a name that is taken. */
async function spoken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isUniqueViolation(error) ? nameTaken(error) : error;
  }
}
