import type { JobStatus } from "@prosopon/core/contract";
import { inSteps } from "../../../turns.ts";
import { decodeCursor, page } from "../../cursor.ts";
import { nextTurn, rankOf, TURN_COLUMN } from "../../rules/turn.ts";
import type { JobRecord, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import type { InsertFaces } from "../faces.ts";
import type { Feed } from "../feed/feed.ts";
import { storable } from "../text.ts";
import { createCancel } from "./cancel.ts";
import { createClaim } from "./claim.ts";
import { endJobs } from "./end.ts";
import { createEnqueue } from "./enqueue.ts";
import { createFinish } from "./finish.ts";
import { createLeases } from "./leases.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";
import { createRecord } from "./record-ended.ts";
import { createRetry } from "./retry.ts";
import { createSweep } from "./sweep.ts";

/** What follows from the status, in the words of a partial index: an account's ended jobs are a week of its work. */
const NARROWED: Record<JobStatus, string> = {
  Sent: "AND j.due_at IS NOT NULL", // jobs_waiting, sorted
  Started: "AND j.due_at IS NOT NULL",
  Succeeded: "",
  Failed: "AND j.status = 'Failed'", // jobs_failed
};

/** Jobs read in one step. */
const STEP = 1_000;

export function createJobs(
  context: Context,
  events: Events,
  feed: Feed,
  insertFaces: InsertFaces,
): Storage["jobs"] {
  const { read, accountRow } = context;
  const from = `SELECT ${JOB_COLUMNS} FROM jobs j`;

  return {
    enqueue: createEnqueue(context, events, feed),
    claim: createClaim(context, events, feed, endJobs),
    ...createLeases(context, events, feed),
    finish: createFinish(context, events, endJobs, insertFaces),
    record: createRecord(context, events),
    async turn(accountId, kind) {
      const rank = rankOf(kind);
      const [next] = await read<{ turn: number }>(
        `SELECT ${nextTurn("greatest", `h.${TURN_COLUMN[rank]}`, String(rank))} AS turn FROM account_heads h WHERE h.account = $1`,
        [await accountRow(accountId)],
      );
      return next?.turn ?? 0;
    },
    ...createRetry(context, events, feed),
    cancel: createCancel(context, events),
    sweep: createSweep(context),
    async get(accountId, jobId) {
      const [row] = await read<JobRow>(`${from} WHERE j.id = $1 AND j.account = $2`, [
        storable(jobId),
        await accountRow(accountId),
      ]);
      return row && jobRecord(row);
    },
    async list(accountId, { status = null, kind = null, dead }, { limit, cursor }) {
      const { createdAt, id } = decodeCursor(cursor);
      // jobs_page, or the index that the narrowing has, backwards.
      const rows = await read<JobRow>(
        `${from} WHERE j.account = $1 AND (j.created_at, j.id) < ($2, $3)
           AND ($4::text IS NULL OR j.status = $4) AND ($5::text IS NULL OR j.kind = $5)
           ${dead ? "AND j.dead_until IS NOT NULL" : ""} ${status ? NARROWED[status] : ""}
         ORDER BY j.created_at DESC, j.id DESC LIMIT $6`,
        [await accountRow(accountId), createdAt, storable(id), status, kind, limit + 1],
      );
      return page(rows.map(jobRecord), limit);
    },
    async nextDue(after) {
      // jobs_due
      const [row] = await read<{ due: number | null }>(
        "SELECT min(due_at) AS due FROM jobs WHERE due_at > $1",
        [after],
      );
      return row?.due ?? undefined;
    },
    async unfinished(accountId) {
      const account = await accountRow(accountId);
      const all: JobRecord[] = [];
      let last = 0;
      await inSteps(async () => {
        // jobs_waiting, sorted
        const rows = await read<JobRow>(
          `${from} WHERE j.account = $1 AND j.due_at IS NOT NULL AND j.row > $2 ORDER BY j.row LIMIT $3`,
          [account, last, STEP],
        );
        all.push(...rows.map(jobRecord));
        last = rows.at(-1)?.row ?? last;
        return rows.length === STEP;
      });
      return all;
    },
  };
}
