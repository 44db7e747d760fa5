import { bare, IDENTITY_GONE } from "../../rules/ends.ts";
import type { Transaction } from "../database.ts";
import { toJson } from "../text.ts";
import type { Ended, EndJobs } from "./end.ts";
import { forgetMentions } from "./mentions.ts";
import { JOB_COLUMNS, type JobRow } from "./record.ts";

/** Jobs written at once. */
const BATCH = 1_000;

interface Forgotten {
  /** Images that the jobs needed. */
  blobIds: string[];
  /** Their bytes. */
  freed: number;
  ended: Ended[];
}

/** Locks the jobs that are about these identities: before the identities themselves, as `finish` does. */
export function lockJobsOf(
  { query }: Transaction,
  account: number,
  identityIds: readonly string[],
): Promise<JobRow[]> {
  // jobs_identity
  return query<JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.account = $1 AND j.identity_id = ANY ($2::text[]) ORDER BY j.row FOR UPDATE`,
    [account, identityIds],
  );
}

/** Inside the transaction that deletes identities, and holds them and their jobs: removes them from the memory of jobs. */
export async function forget(
  tx: Transaction,
  identities: readonly { row: number; id: string }[],
  own: readonly JobRow[],
  end: EndJobs,
  now: number,
): Promise<Forgotten> {
  const blobs = await tx.query<{ blob_id: string; size: number }>(
    "DELETE FROM job_blobs WHERE job = ANY ($1::bigint[]) RETURNING blob_id, size",
    [own.map((job) => job.row)],
  );
  const unfinished = own.filter((job) => job.finished_at === null);
  const ended = await end(
    tx,
    unfinished.map((job) => ({ job, ending: { status: "Failed" as const, error: IDENTITY_GONE } })),
    now,
  );
  for (const jobs of batches(own)) {
    await tx.query(
      `UPDATE jobs j SET payload = b.payload::json, result = NULL,
         dead_until = CASE WHEN j.dead_until IS NOT NULL THEN least(j.dead_until, $3) END
       FROM unnest($1::bigint[], $2::text[]) AS b (row, payload) WHERE j.row = b.row`,
      [jobs.map(({ row }) => row), jobs.map(({ payload }) => toJson(bare(payload))), now],
    );
  }
  // Few: those of the time before were forgotten before. No more come: whoever notes one holds the identity for it.
  while (await forgetMentions(tx, identities));
  return {
    blobIds: blobs.map(({ blob_id }) => blob_id),
    freed: blobs.reduce((sum, { size }) => sum + size, 0),
    ended,
  };
}

function* batches<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += BATCH) yield all.slice(at, at + BATCH);
}
