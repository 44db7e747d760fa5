import type { Database } from "./database.ts";

/** What the parts of the back-end share. */
export interface Context extends Database {
  /** Internal number of an account; -1, which no row has, for an unknown one. Accounts are never deleted, so it is looked up once. */
  accountRow(accountId: string): Promise<number>;
}

export function createContext(database: Database): Context {
  const known = new Map<string, number>();
  return {
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
  };
}
