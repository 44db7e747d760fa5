import { inSteps } from "../../turns.ts";
import { type Storage, StorageError } from "../types.ts";
import type { Context } from "./context.ts";
import { storable } from "./text.ts";

/** Sessions swept in one step. */
const BATCH = 1_000;

interface Row {
  id: string;
  account_id: string;
  refresh_id: string;
  refresh_expires_at: number;
  revoked: boolean;
}

export function createSessions({ read, transaction, accountRow }: Context): Storage["sessions"] {
  return {
    async create({ id, accountId, refreshId, refreshExpiresAt, revoked }, secretHash) {
      const account = await accountRow(accountId);
      if (account < 0) throw new StorageError("not-found", "There is no such account to log in to.");
      // FOR SHARE: a change of the account comes before this session, or finds and revokes it.
      const made = await transaction(
        ({ query }) =>
          query(
            `INSERT INTO sessions (id, account, refresh_id, refresh_expires_at, revoked)
             SELECT $1, row, $3, $4::bigint, $5::boolean FROM accounts
             WHERE row = $2 AND NOT disabled AND ($6::text IS NULL OR secret_hash = $6) FOR SHARE
             ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING 1`,
            [id, account, refreshId, refreshExpiresAt, revoked, secretHash ?? null],
          ),
        { repeatable: true },
      );
      return made.length > 0;
    },
    async byId(id) {
      const [row] = await read<Row>(
        `SELECT s.id, a.id AS account_id, s.refresh_id, s.refresh_expires_at, s.revoked
         FROM sessions s JOIN accounts a ON a.row = s.account WHERE s.id = $1`,
        [storable(id)],
      );
      return (
        row && {
          id: row.id,
          accountId: row.account_id,
          refreshId: row.refresh_id,
          refreshExpiresAt: row.refresh_expires_at,
          revoked: row.revoked,
        }
      );
    },
    async rotate(id, from, to, now, expiresAt) {
      return transaction(
        async ({ query }) => {
          const [session] = await query<Row>(
            "SELECT refresh_id, refresh_expires_at, revoked FROM sessions WHERE id = $1 FOR UPDATE",
            [storable(id)],
          );
          if (!session || session.revoked) return "dead";
          // This very rotation, done before the connection broke.
          if (session.refresh_id === to) return "rotated";
          if (session.refresh_id !== from) {
            await query("UPDATE sessions SET revoked = true WHERE id = $1", [id]);
            return "reused";
          }
          if (session.refresh_expires_at <= now) return "dead";
          await query("UPDATE sessions SET refresh_id = $2, refresh_expires_at = $3 WHERE id = $1", [
            id,
            to,
            expiresAt,
          ]);
          return "rotated";
        },
        { repeatable: true },
      );
    },
    async revoke(id) {
      await transaction(
        ({ query }) => query("UPDATE sessions SET revoked = true WHERE id = $1", [storable(id)]),
        { repeatable: true },
      );
    },
    async revokeAll() {
      const ended = await transaction(({ query }) =>
        query("UPDATE sessions SET revoked = true WHERE NOT revoked RETURNING 1"),
      );
      return ended.length;
    },
    async sweep(now, signal) {
      let swept = 0;
      await inSteps(async () => {
        // sessions_expiry
        const gone = await transaction(({ query }) =>
          query(
            "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE refresh_expires_at <= $1 LIMIT $2) RETURNING 1",
            [now, BATCH],
          ),
        );
        swept += gone.length;
        return gone.length === BATCH;
      }, signal);
      return swept;
    },
  };
}
