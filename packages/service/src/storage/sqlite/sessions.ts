import { inSteps } from "../../turns.ts";
import { type Storage, StorageError } from "../types.ts";
import type { Context } from "./context.ts";

/** Sessions swept in one step. */
const BATCH = 200;

interface Row {
  id: string;
  account_id: string;
  refresh_id: string;
  refresh_expires_at: number;
  revoked: number;
}

export function createSessions({ db, transaction, accountRow }: Context): Storage["sessions"] {
  const insert = db.prepare(
    "INSERT INTO sessions (id, account, refresh_id, refresh_expires_at, revoked) VALUES (?, ?, ?, ?, ?)",
  );
  const open = db.prepare(
    "SELECT 1 FROM accounts WHERE row = ? AND disabled = 0 AND secret_hash = coalesce(?, secret_hash)",
  );
  const byId = db.prepare<[string], Row>(
    `SELECT s.id, a.id AS account_id, s.refresh_id, s.refresh_expires_at, s.revoked
     FROM sessions s JOIN accounts a ON a.row = s.account WHERE s.id = ?`,
  );
  const rotate = db.prepare("UPDATE sessions SET refresh_id = ?, refresh_expires_at = ? WHERE id = ?");
  const revoke = db.prepare("UPDATE sessions SET revoked = 1 WHERE id = ?");
  const revokeAll = db.prepare("UPDATE sessions SET revoked = 1 WHERE revoked = 0");
  // sessions_expiry
  const sweep = db.prepare(
    "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE refresh_expires_at <= ? LIMIT ?)",
  );

  return {
    async create(session, secretHash) {
      const account = accountRow(session.accountId);
      if (account === undefined)
        throw new StorageError("not-found", "There is no such account to log in to.");
      return transaction(() => {
        if (!open.get(account, secretHash ?? null)) return false;
        insert.run(session.id, account, session.refreshId, session.refreshExpiresAt, Number(session.revoked));
        return true;
      });
    },
    async byId(id) {
      const row = byId.get(id);
      return (
        row && {
          id: row.id,
          accountId: row.account_id,
          refreshId: row.refresh_id,
          refreshExpiresAt: row.refresh_expires_at,
          revoked: row.revoked === 1,
        }
      );
    },
    async rotate(id, from, to, now, expiresAt) {
      return transaction(() => {
        const session = byId.get(id);
        if (!session || session.revoked) return "dead";
        if (session.refresh_id !== from) {
          revoke.run(id);
          return "reused";
        }
        if (session.refresh_expires_at <= now) return "dead";
        rotate.run(to, expiresAt, id);
        return "rotated";
      });
    },
    async revoke(id) {
      transaction(() => revoke.run(id));
    },
    async revokeAll() {
      return transaction(() => revokeAll.run().changes);
    },
    async sweep(now, signal) {
      let swept = 0;
      await inSteps(() => {
        const { changes } = transaction(() => sweep.run(now, BATCH));
        swept += changes;
        return changes === BATCH;
      }, signal);
      return swept;
    },
  };
}
