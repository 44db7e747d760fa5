import { endingOf } from "../../rules/ends.ts";
import { keepMentioned, mentioned } from "../../rules/mentions.ts";
import { nextTurn, rankOf, TURN_COLUMN } from "../../rules/turn.ts";
import { type JobPayload, type Storage, StorageError, type StoredResult } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Prepared, Transaction } from "../database.ts";
import type { Events } from "../events.ts";
import { isUniqueViolation } from "../faults.ts";
import { storable, toJson } from "../text.ts";
import { identityThere, OWN } from "./enqueue.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";

/** As `enqueue` has it, the account's head is held for the turn and for the order of events; only from here to the commit. */
const INSERT = TURN_COLUMN.map((column): Prepared => ({
  name: `record_${column}`,
  text: `
  WITH head AS (
    UPDATE account_heads h SET seq = h.seq + 1, ${column} = ${nextTurn("greatest", `h.${column}`, "$4::smallint")}
    WHERE h.account = $1::int RETURNING h.seq, h.${column} AS turn
  ), job AS (
    INSERT INTO jobs AS j (account, id, kind, rank, turn, collection, payload, identity_id, status, result, error, attempts,
      created_at, started_at, finished_at)
    SELECT $1::int, $2, $3, $4::smallint, head.turn, $5::int, $6::json, $7, $8, $9::json, $10, 1, $11::bigint, $12::bigint, $13::bigint
    FROM head RETURNING ${JOB_COLUMNS}
  ), noted AS (
    INSERT INTO mentions (identity, job) SELECT m.identity, job.row FROM job, unnest($14::bigint[]) AS m (identity)
  ), event AS (
    INSERT INTO events (account, seq, job, status) SELECT $1::int, head.seq, job.row, $8 FROM job, head
  )
  SELECT job.*, head.seq FROM job, head`,
}));

/** Job, whom it names and its one event in one commit. It is never due, so it counts in no quota. Locks: collection, identities, head. */
export function createRecord(
  { accountRow, read, transaction }: Context,
  events: Events,
): Storage["jobs"]["record"] {
  return async ({ id, accountId, payload, outcome, createdAt, startedAt, now }) => {
    const account = await accountRow(accountId);
    if (account < 0) throw new StorageError("not-found", "There is no such account.");
    const { kind, collectionId, identityId } = payload;
    const rank = rankOf(kind);
    const names = outcome.type === "answered" ? mentioned(outcome.result) : [];
    const alone = collectionId === undefined && identityId === undefined && names.length === 0;
    try {
      return await transaction(
        async (tx) => {
          const place: Place = alone ? { collection: null, payload } : await placeOf(tx, account, payload);
          const { collection, payload: placed, gone } = place;
          const ending = endingOf(outcome, gone);
          const done = ending.status === "Succeeded";
          const { result, rows } = done
            ? await mentionedIn(tx, account, ending.result)
            : { result: undefined, rows: [] };
          const [job] = await tx.query<JobRow & { seq: number }>(INSERT[rank]!, [
            account,
            id,
            kind,
            rank,
            collection,
            toJson(placed),
            (done && ending.identityId) || (identityId === undefined ? null : storable(identityId)),
            ending.status,
            result ? toJson(result) : null,
            done ? null : storable(ending.error),
            createdAt,
            startedAt,
            now,
            rows,
          ]);
          events.written(tx, [{ job: job!, status: ending.status, seq: job!.seq }]);
          return jobRecord(job!);
        },
        { repeatable: true, single: alone },
      );
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      // Ids are random: the job is this one, written before the connection broke.
      return jobRecord((await read<JobRow>(OWN, [id, account]))[0]!);
    }
  };
}

interface Place {
  /** Row of the collection. */
  collection: number | null;
  /** The job as it is remembered: as `enqueue` does. */
  payload: JobPayload;
  gone?: "collection" | "identity";
}

/** Among whose people the job worked. They are held until the commit: a deletion comes before this job, or finds it. */
async function placeOf(tx: Transaction, account: number, payload: JobPayload): Promise<Place> {
  const { collectionId, identityId } = payload;
  const own = identityId === undefined ? undefined : await identityThere(tx, storable(identityId), account);
  const wanted = collectionId === undefined ? own : storable(collectionId);
  const lost = identityId !== undefined && (own === undefined || own !== wanted);
  const gone = lost ? ({ gone: "identity" } as const) : {};
  if (wanted === undefined) return { collection: null, payload, ...gone };
  const [found] = await tx.query<{ row: number }>(
    "SELECT row FROM collections WHERE id = $1 AND account = $2 AND deleted_at IS NULL FOR KEY SHARE",
    [wanted, account],
  );
  if (!found) return { collection: null, payload, gone: "collection" };
  return { collection: found.row, payload: lost ? payload : { ...payload, collectionId: wanted }, ...gone };
}

/** The answer without those who were deleted since it was made, and the rows of the others, who are held until the commit. */
async function mentionedIn(
  { query }: Transaction,
  account: number,
  result: StoredResult,
): Promise<{ result: StoredResult; rows: number[] }> {
  const ids = mentioned(result).map(storable);
  if (ids.length === 0) return { result, rows: [] };
  const named = await query<{ row: number; id: string }>(
    "SELECT row, id FROM identities WHERE account = $1 AND id = ANY ($2::text[]) ORDER BY row FOR KEY SHARE",
    [account, ids],
  );
  const there = new Set(named.map(({ id }) => id));
  return { result: keepMentioned(result, (id) => there.has(id)), rows: named.map(({ row }) => row) };
}
