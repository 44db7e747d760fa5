import { nextTurn, TURN_COLUMN } from "../../rules/turn.ts";
import type { Context } from "../context.ts";

/** Places in the round of accounts, by an account's row and the rank of a job. */
export interface Turns {
  /** Inside a transaction: the account's next one, which then is its last. */
  take(account: number, rank: 0 | 1): number;
  /** The one that `take` would give. */
  look(account: number, rank: 0 | 1): number | undefined;
}

export function createTurns({ db }: Pick<Context, "db">): Turns {
  const next = TURN_COLUMN.map((column, rank) => nextTurn("max", column, String(rank)));
  const take = next.map((turn, rank) =>
    db
      .prepare<[number], number>(
        `UPDATE accounts SET ${TURN_COLUMN[rank]} = ${turn} WHERE row = ? RETURNING ${TURN_COLUMN[rank]}`,
      )
      .pluck(),
  );
  const look = next.map((turn) =>
    db.prepare<[number], number>(`SELECT ${turn} FROM accounts WHERE row = ?`).pluck(),
  );
  return {
    take: (account, rank) => take[rank]!.get(account)!,
    look: (account, rank) => look[rank]!.get(account),
  };
}
