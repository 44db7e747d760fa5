import { CANCELLED } from "../../rules/ends.ts";
import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import { storable } from "../text.ts";
import { unneeded } from "../uploads.ts";
import { endJobs } from "./end.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";

/** Locks: job, heads. */
export function createCancel(
  { accountRow, transaction }: Context,
  events: Events,
): Storage["jobs"]["cancel"] {
  return async (accountId, jobId, now) => {
    const account = await accountRow(accountId);
    return transaction(
      async (tx) => {
        const [job] = await tx.query<JobRow>(
          `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.id = $1 AND j.account = $2 FOR UPDATE`,
          [storable(jobId), account],
        );
        if (!job) return { cancelled: false, reason: "unknown" };
        if (job.finished_at !== null)
          return job.error === CANCELLED
            ? { cancelled: true, job: jobRecord(job), blobIds: [] }
            : { cancelled: false, reason: "ended", job: jobRecord(job) };
        const blobs = await tx.query<{ blob_id: string }>("SELECT blob_id FROM job_blobs WHERE job = $1", [
          job.row,
        ]);
        const ended = await endJobs(tx, [{ job, ending: { status: "Failed", error: CANCELLED } }], now);
        const blobIds = await unneeded(
          tx,
          blobs.map(({ blob_id }) => blob_id),
        );
        await events.record(tx, ended);
        const record = { ...jobRecord(job), status: "Failed" as const, error: CANCELLED, finishedAt: now };
        return { cancelled: true, job: record, blobIds };
      },
      { repeatable: true },
    );
  };
}
