import { IMAGE_ERASED } from "../rules/ends.ts";
import type { Transaction } from "./database.ts";
import { type Ended, endJobs } from "./jobs/end.ts";
import { JOB_COLUMNS, type JobRow } from "./jobs/record.ts";

export interface ErasedUploads {
  /** Images that the uploads, jobs that ended for it and dead ones let go of. */
  blobIds: string[];
  /** Their bytes. */
  freed: number;
  ended: Ended[];
}

/** Locks the jobs that need these uploads: before whatever else is locked for them. job_blobs_blob */
export function lockHolders(
  { query }: Transaction,
  account: number,
  uploadIds: readonly string[],
): Promise<JobRow[]> {
  return query<JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.row = ANY (ARRAY(
       SELECT b.job FROM uploads u JOIN job_blobs b ON b.blob_id = u.blob_id WHERE u.id = ANY ($1::text[]) AND u.account = $2))
     ORDER BY j.row FOR UPDATE`,
    [uploadIds, account],
  );
}

/** Inside a transaction: forgets uploads, and ends the jobs that need them. The events, and counting what was freed, are the caller's. */
export async function eraseUploads(
  tx: Transaction,
  account: number,
  uploadIds: readonly string[],
  now: number,
): Promise<ErasedUploads> {
  if (uploadIds.length === 0) return { blobIds: [], freed: 0, ended: [] };
  // From here on no job can be started with them: enqueue holds FOR KEY SHARE.
  await tx.query(
    "SELECT 1 FROM uploads WHERE id = ANY ($1::text[]) AND account = $2 ORDER BY id FOR UPDATE",
    [uploadIds, account],
  );
  const holders = await lockHolders(tx, account, uploadIds);
  const uploads = await tx.query<{ blob_id: string; size: number }>(
    "DELETE FROM uploads WHERE id = ANY ($1::text[]) AND account = $2 RETURNING blob_id, size",
    [uploadIds, account],
  );
  const kept = await tx.query<{ blob_id: string; size: number }>(
    `WITH expired AS (UPDATE jobs SET dead_until = least(dead_until, $2) WHERE row = ANY ($1::bigint[]) AND dead_until IS NOT NULL)
     DELETE FROM job_blobs WHERE job = ANY ($1::bigint[]) RETURNING blob_id, size`,
    [holders.map(({ row }) => row), now],
  );
  const ended = await endJobs(
    tx,
    holders
      .filter((job) => job.finished_at === null)
      .map((job) => ({ job, ending: { status: "Failed" as const, error: IMAGE_ERASED } })),
    now,
  );
  const gone = [...uploads, ...kept];
  return {
    blobIds: [...new Set(gone.map(({ blob_id }) => blob_id))],
    freed: gone.reduce((sum, { size }) => sum + size, 0),
    ended,
  };
}
