import { type Account, type Storage, StorageError, type Usage } from "../types.ts";
import type { Collections } from "./collections/collections.ts";
import { defaultCollection } from "../rules/collections.ts";
import type { Context } from "./context.ts";

interface Row {
  id: string;
  client_id: string;
  name: string;
  secret_hash: string;
  disabled: number;
  created_at: number;
}

/** Nothing is kept in memory: another process may administer accounts beside a running server, which sees it at once. */
export function createAccounts({ db, transaction }: Context, collections: Collections): Storage["accounts"] {
  const columns = "id, client_id, name, secret_hash, disabled, created_at";
  const insert = db.prepare(`INSERT INTO accounts (${columns}) VALUES (?, ?, ?, ?, ?, ?)`);
  const byClientId = db.prepare<[string], Row>(`SELECT ${columns} FROM accounts WHERE client_id = ?`);
  const byId = db.prepare<[string], Row>(`SELECT ${columns} FROM accounts WHERE id = ?`);
  const all = db.prepare<[], Row>(`SELECT ${columns} FROM accounts ORDER BY created_at, row`);
  const update = db.prepare("UPDATE accounts SET name = ?, secret_hash = ?, disabled = ? WHERE id = ?");
  const usage = db.prepare<[string], Usage>(
    'SELECT unfinished_jobs AS "unfinishedJobs", pending_bytes AS "pendingBytes" FROM accounts WHERE id = ?',
  );
  // sessions_account
  const revoke = db.prepare(
    "UPDATE sessions SET revoked = 1 WHERE account = (SELECT row FROM accounts WHERE id = ?)",
  );

  return {
    async create(account, settings) {
      transaction(() => {
        if (byClientId.get(account.clientId) || byId.get(account.id)) {
          throw new StorageError(
            "conflict",
            "There is an account with this client id already. Choose another client id.",
          );
        }
        const { id, clientId, name, secretHash, disabled, createdAt } = account;
        insert.run(id, clientId, name, secretHash, Number(disabled), createdAt);
        collections.insert(defaultCollection(account, settings));
      });
    },
    async byClientId(clientId) {
      return record(byClientId.get(clientId));
    },
    async byId(id) {
      return record(byId.get(id));
    },
    async list() {
      return all.all().map((row) => record(row)!);
    },
    async usage(id) {
      return usage.get(id) ?? { unfinishedJobs: 0, pendingBytes: 0 };
    },
    async update(id, change) {
      return transaction(() => {
        const before = record(byId.get(id));
        if (!before) return undefined;
        const after = { ...before, ...change };
        update.run(after.name, after.secretHash, Number(after.disabled), id);
        if (after.secretHash !== before.secretHash || after.disabled) revoke.run(id);
        return after;
      });
    },
  };
}

function record(row: Row | undefined): Account | undefined {
  return (
    row && {
      id: row.id,
      clientId: row.client_id,
      name: row.name,
      secretHash: row.secret_hash,
      disabled: row.disabled === 1,
      createdAt: row.created_at,
    }
  );
}
