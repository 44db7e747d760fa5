import { defaultCollection } from "../rules/collections.ts";
import { type Account, type Storage, StorageError, type Usage } from "../types.ts";
import { insertCollection } from "./collections/collections.ts";
import type { Context } from "./context.ts";
import { USAGE } from "./jobs/usage.ts";
import { isUniqueViolation } from "./faults.ts";
import { storable } from "./text.ts";

interface Row {
  id: string;
  client_id: string;
  name: string;
  secret_hash: string;
  disabled: boolean;
  created_at: number;
}

const COLUMNS = "id, client_id, name, secret_hash, disabled, created_at";

export function createAccounts({ read, transaction, accountRow }: Context): Storage["accounts"] {
  const one = async (column: "id" | "client_id", value: string) =>
    record((await read<Row>(`SELECT ${COLUMNS} FROM accounts WHERE ${column} = $1`, [value]))[0]);

  return {
    async create(account, settings) {
      const { id, clientId, name, secretHash, disabled, createdAt } = account;
      const values = [id, clientId, storable(name), secretHash, disabled, createdAt];
      try {
        await transaction(async (tx) => {
          const [{ row } = { row: -1 }] = await tx.query<{ row: number }>(
            `INSERT INTO accounts (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6) RETURNING row`,
            values,
          );
          await tx.query("INSERT INTO account_heads (account) VALUES ($1)", [row]);
          await insertCollection(tx, row, defaultCollection(account, settings));
        });
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        throw new StorageError(
          "conflict",
          "There is an account with this client id already. Choose another client id.",
        );
      }
    },
    byClientId: (clientId) => one("client_id", storable(clientId)),
    byId: (id) => one("id", id),
    async list() {
      return (await read<Row>(`SELECT ${COLUMNS} FROM accounts ORDER BY created_at, row`)).map((row) =>
        record(row)!,
      );
    },
    async usage(id) {
      const [usage] = await read<Usage>(USAGE, [await accountRow(id)]);
      return usage ?? { unfinishedJobs: 0, pendingBytes: 0 };
    },
    async update(id, change) {
      return transaction(
        async ({ query }) => {
          const before = record(
            (await query<Row>(`SELECT ${COLUMNS} FROM accounts WHERE id = $1 FOR NO KEY UPDATE`, [id]))[0],
          );
          if (!before) return undefined;
          const after = { ...before, ...change };
          await query("UPDATE accounts SET name = $2, secret_hash = $3, disabled = $4 WHERE id = $1", [
            id,
            storable(after.name),
            after.secretHash,
            after.disabled,
          ]);
          if (after.secretHash !== before.secretHash || after.disabled) {
            // sessions_account
            await query(
              "UPDATE sessions SET revoked = true WHERE account = (SELECT row FROM accounts WHERE id = $1)",
              [id],
            );
          }
          return after;
        },
        { repeatable: true },
      );
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
      disabled: row.disabled,
      createdAt: row.created_at,
    }
  );
}
