import { kindOfJob, type JobKind } from "@prosopon/core/contract";

/** 0 for what somebody waits for, 1 for imports: lower goes first. */
export const rankOf = (kind: JobKind): 0 | 1 => (kindOfJob(kind).lookup ? 0 : 1);

/** Where an account's newest turn of a rank is remembered. */
export const TURN_COLUMN = ["lookup_turn", "import_turn"] as const;

/**
 * An unfinished job this far behind the newest served holds the round up no more, in turns: it may wait for its next try.
 * Far more than the workers have in hand of one account.
 */
export const REACH = 64;

/**
 * Accounts take turns, by start-time fair queueing with a memory: a job has the turn after its account's last one, whether
 * that one waits or ended long ago. So the n-th job of one account goes before the (n+1)-th of any other. Turns are even;
 * an account that fell behind, since it sent nothing for a while, gets the odd one before the earliest that has not ended:
 * its job goes before all of those who never stopped, also those in work, and its next one after that no more. `last` is
 * SQL for the account's newest turn, `rank` for the job's; `greatest` is the database's function of that name.
 */
export function nextTurn(greatest: string, last: string, rank: string): string {
  // From the beginning of jobs_queue and from the end of jobs_served.
  const earliest = `(SELECT min(turn) FROM jobs WHERE rank = ${rank} AND due_at IS NOT NULL)`;
  const served = `(SELECT max(turn) FROM jobs WHERE rank = ${rank} AND started_at IS NOT NULL)`;
  return `${greatest}((${last} | 1) + 1, (coalesce(${earliest}, ${served}, 0) - 1) | 1, (coalesce(${served}, 0) - ${REACH}) | 1)`;
}
