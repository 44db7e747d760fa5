import type { JobFilter, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { decodeCursor, page } from "../../cursor.ts";
import type { Events } from "../events.ts";
import type { FaceWriter } from "../faces.ts";
import { createCancel } from "./cancel.ts";
import { createClaim } from "./claim.ts";
import type { EndJob } from "./end.ts";
import { createEnqueue, createInsertJob } from "./enqueue.ts";
import { createFinish } from "./finish.ts";
import { createLeases } from "./leases.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";
import { createRetry } from "./retry.ts";
import { createSweep } from "./sweep.ts";

export function createJobs(
  context: Context,
  events: Events,
  faces: FaceWriter,
  end: EndJob,
): Storage["jobs"] {
  const { db, accountRow } = context;
  const from = `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account`;
  const get = db.prepare<[string, number], JobRow>(`${from} WHERE j.id = ? AND j.account = ?`);
  const list = (dead: string) =>
    db.prepare<
      [
        { account: number; createdAt: number; id: string; limit: number } & Nullable<
          Required<Pick<JobFilter, "status" | "kind">>
        >,
      ],
      JobRow
    >(
      `${from} WHERE j.account = :account AND (j.created_at, j.id) < (:createdAt, :id)
       AND (:status IS NULL OR j.status = :status) AND (:kind IS NULL OR j.kind = :kind) ${dead}
     ORDER BY j.created_at DESC, j.id DESC LIMIT :limit`,
    );
  // jobs_page and jobs_dead, backwards.
  const listAll = list("");
  const listDead = list("AND j.dead_until IS NOT NULL");
  // jobs_due
  const nextDue = db
    .prepare<[number], number | null>("SELECT min(due_at) FROM jobs WHERE due_at > ?")
    .pluck();
  // jobs_waiting
  const unfinished = db.prepare<[number], JobRow>(
    `${from} WHERE j.account = ? AND j.due_at IS NOT NULL ORDER BY j.row`,
  );

  const insertJob = createInsertJob(context, events);

  return {
    enqueue: createEnqueue(context, insertJob),
    claim: createClaim(context, events, end),
    ...createLeases(context, events),
    finish: createFinish(context, faces, end),
    ...createRetry(context, insertJob),
    cancel: createCancel(context, end),
    sweep: createSweep(context),
    async get(accountId, jobId) {
      const row = get.get(jobId, accountRow(accountId) ?? -1);
      return row && jobRecord(row);
    },
    async list(accountId, { status = null, kind = null, dead }, { limit, cursor }) {
      const account = accountRow(accountId) ?? -1;
      const rows = (dead ? listDead : listAll).all({
        account,
        ...decodeCursor(cursor),
        status,
        kind,
        limit: limit + 1,
      });
      return page(rows.map(jobRecord), limit);
    },
    async nextDue(after) {
      return nextDue.get(after) ?? undefined;
    },
    async unfinished(accountId) {
      return unfinished.all(accountRow(accountId) ?? -1).map(jobRecord);
    },
  };
}

type Nullable<T> = { [K in keyof T]: T[K] | null };
