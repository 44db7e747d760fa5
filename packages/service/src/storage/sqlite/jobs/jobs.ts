import { inSteps } from "../../../turns.ts";
import { rankOf } from "../../rules/turn.ts";
import type { JobRecord, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import type { FaceWriter } from "../faces.ts";
import { createCancel } from "./cancel.ts";
import { createClaim } from "./claim.ts";
import type { EndJob } from "./end.ts";
import { createEnqueue, createInsertJob } from "./enqueue.ts";
import { createFinish } from "./finish.ts";
import { createLeases } from "./leases.ts";
import { createList } from "./list.ts";
import { createNoteMentions } from "./mentions.ts";
import { createPlaceOf } from "./place.ts";
import { createRecord } from "./record-ended.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";
import { createRetry } from "./retry.ts";
import { createSweep } from "./sweep.ts";
import { createTurns } from "./turns.ts";

/** Jobs read in one step. */
const STEP = 500;

export function createJobs(
  context: Context,
  events: Events,
  faces: FaceWriter,
  end: EndJob,
): Storage["jobs"] {
  const { db, accountRow } = context;
  const from = `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account`;
  const get = db.prepare<[string, number], JobRow>(`${from} WHERE j.id = ? AND j.account = ?`);
  // jobs_due
  const nextDue = db
    .prepare<[number], number | null>("SELECT min(due_at) FROM jobs WHERE due_at > ?")
    .pluck();
  // jobs_waiting
  const unfinished = db.prepare<[number, number, number], JobRow>(
    `${from} WHERE j.account = ? AND j.due_at IS NOT NULL AND j.row > ? ORDER BY j.row LIMIT ?`,
  );

  const turns = createTurns(context);
  const placeOf = createPlaceOf(context);
  const noteMentions = createNoteMentions(context);
  const insertJob = createInsertJob(context, events, turns);

  return {
    enqueue: createEnqueue(context, insertJob, placeOf),
    claim: createClaim(context, events, end),
    ...createLeases(context, events),
    finish: createFinish(context, faces, end, noteMentions),
    record: createRecord(context, { placeOf, turns, end, noteMentions }),
    async turn(accountId, kind) {
      return turns.look(accountRow(accountId) ?? -1, rankOf(kind)) ?? 0;
    },
    ...createRetry(context, insertJob),
    cancel: createCancel(context, end),
    sweep: createSweep(context),
    async get(accountId, jobId) {
      const row = get.get(jobId, accountRow(accountId) ?? -1);
      return row && jobRecord(row);
    },
    list: createList(context),
    async nextDue(after) {
      return nextDue.get(after) ?? undefined;
    },
    async unfinished(accountId) {
      const account = accountRow(accountId) ?? -1;
      const all: JobRecord[] = [];
      let last = 0;
      await inSteps(() => {
        const rows = unfinished.all(account, last, STEP);
        all.push(...rows.map(jobRecord));
        last = rows.at(-1)?.row ?? last;
        return rows.length === STEP;
      });
      return all;
    },
  };
}
