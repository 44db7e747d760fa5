import type { CollectionKey } from "../types.ts";
import type { Database } from "./database.ts";
import { createRecognisers, type Recognisers } from "./recognisers.ts";

/** What the parts of the back-end share. */
export interface Context extends Database {
  /** Internal number of an account; -1, which no row has, for an unknown one. Accounts are never deleted, so it is looked up once. */
  accountRow(accountId: string): Promise<number>;
  /** Internal number of a collection that is not being deleted; -1 for an unknown one. */
  collectionRow(key: CollectionKey): Promise<number>;
  recognisers: Recognisers;
}

export function createContext(database: Database): Context {
  const known = new Map<string, number>();
  const context: Context = {
    ...database,
    async accountRow(accountId) {
      const row = known.get(accountId);
      if (row !== undefined) return row;
      const [found] = await database.read<{ row: number }>("SELECT row FROM accounts WHERE id = $1", [
        accountId,
      ]);
      if (found) known.set(accountId, found.row);
      return found?.row ?? -1;
    },
    async collectionRow({ accountId, collectionId }) {
      const [found] = await database.read<{ row: number }>(
        "SELECT row FROM collections WHERE id = $1 AND account = $2 AND deleted_at IS NULL",
        [collectionId, await context.accountRow(accountId)],
      );
      return found?.row ?? -1;
    },
    recognisers: createRecognisers(database),
  };
  return context;
}
