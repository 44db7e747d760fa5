import type { JobKind } from "@prosopon/core/contract";

/** 0 for what somebody waits for, 1 for imports: lower goes first. */
export const RANK: Record<JobKind, 0 | 1> = { search: 0, recognize: 0, enrol: 1, "add-images": 1 };

/** Where an account's newest turn of a rank is remembered. */
export const TURN_COLUMN = ["lookup_turn", "import_turn"] as const;

/**
 * Accounts take turns, by start-time fair queueing with a memory: a job has the turn after its account's last one, whether
 * that one waits or ended long ago. So the n-th job of one account goes before the (n+1)-th of any other. Turns are even;
 * an account that fell behind, since it sent nothing for a while, gets the odd one before the turn that is being served:
 * its job goes before all of those who never stopped, and its next one after that no more. `last` and `served` are SQL
 * for the account's newest turn and the newest that has been served of the rank; `max` is the database's greater of two.
 */
export const nextTurn = (max: string, last: string, served: string): string =>
  `${max}((${last} | 1) + 1, (coalesce(${served}, 0) - 1) | 1)`;
