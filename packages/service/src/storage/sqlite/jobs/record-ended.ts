import { endingOf } from "../../rules/ends.ts";
import { rankOf } from "../../rules/turn.ts";
import { type Storage, StorageError } from "../../types.ts";
import type { Context } from "../context.ts";
import type { EndJob } from "./end.ts";
import type { NoteMentions } from "./mentions.ts";
import type { PlaceOf } from "./place.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";
import type { Turns } from "./turns.ts";

/** Job, whom it names and its one event in one commit. It is never due, so it counts in no quota. */
export function createRecord(
  { db, accountRow, patientTransaction: transaction }: Context,
  { placeOf, turns, end, noteMentions }: RecordTools,
): Storage["jobs"]["record"] {
  const insert = db.prepare(
    `INSERT INTO jobs (account, id, collection, kind, rank, turn, status, payload, attempts, identity_id, created_at, started_at)
     VALUES (?, ?, ?, ?, ?, ?, 'Started', ?, 1, ?, ?, ?)`,
  );
  const written = db.prepare<[number | bigint], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account WHERE j.row = ?`,
  );

  return async ({ id, accountId, payload, outcome, createdAt, startedAt, now }) => {
    const account = accountRow(accountId);
    if (account === undefined) throw new StorageError("not-found", "There is no such account.");
    return transaction(() => {
      const { kind, identityId = null } = payload;
      const rank = rankOf(kind);
      const { collection, payload: placed, gone } = placeOf(accountId, account, payload);
      const { lastInsertRowid: row } = insert.run(
        account,
        id,
        collection,
        kind,
        rank,
        turns.take(account, rank),
        JSON.stringify(placed),
        identityId,
        createdAt,
        startedAt,
      );
      const job = written.get(row)!;
      const ending = endingOf(outcome, gone);
      end(
        job,
        ending.status === "Failed" ? ending : { ...ending, result: noteMentions(job, ending.result) },
        now,
      );
      return jobRecord(written.get(row)!);
    });
  };
}

/** What a job is written with that is over. */
export interface RecordTools {
  placeOf: PlaceOf;
  turns: Turns;
  end: EndJob;
  noteMentions: NoteMentions;
}
