import type { JobStatus } from "@prosopon/core/contract";
import { keepCandidates } from "../../candidates.ts";
import type { JobPayload } from "../../types.ts";
import type { Transaction } from "../database.ts";
import { toJson } from "../text.ts";
import type { EndJobs } from "./end.ts";
import { JOB_COLUMNS, type JobRow } from "./record.ts";

const GONE = "The identity was deleted before this job was done.";

interface Forgotten {
  /** Images that the jobs needed. */
  blobIds: string[];
  ended: { job: JobRow; status: JobStatus }[];
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
  const blobs = await tx.query<{ blob_id: string }>(
    "DELETE FROM job_blobs WHERE job = ANY ($1::bigint[]) RETURNING blob_id",
    [own.map((job) => job.row)],
  );
  const unfinished = own.filter((job) => job.finished_at === null);
  const ended = await end(
    tx,
    unfinished.map((job) => ({ job, ending: { status: "Failed" as const, error: GONE } })),
    now,
  );
  for (const job of own) {
    await tx.query(
      `UPDATE jobs SET payload = $2, result = NULL,
         dead_until = CASE WHEN dead_until IS NOT NULL THEN least(dead_until, $3) END WHERE row = $1`,
      [job.row, toJson(bare(job.payload)), now],
    );
  }
  const gone = new Set(identities.map(({ id }) => id));
  const rows = identities.map(({ row }) => row);
  const mentioning = await tx.query<Pick<JobRow, "row" | "result">>(
    `SELECT j.row, j.result FROM jobs j WHERE j.row IN (SELECT job FROM mentions WHERE identity = ANY ($1::bigint[]))
     ORDER BY j.row FOR NO KEY UPDATE`,
    [rows],
  );
  for (const { row, result } of mentioning) {
    if (result === null) continue;
    await tx.query("UPDATE jobs SET result = $2 WHERE row = $1", [
      row,
      toJson(keepCandidates(result, ({ identity_id }) => !gone.has(identity_id))),
    ]);
  }
  await tx.query("DELETE FROM mentions WHERE identity = ANY ($1::bigint[])", [rows]);
  return { blobIds: blobs.map(({ blob_id }) => blob_id), ended };
}

function bare(payload: JobPayload): JobPayload {
  return payload.kind === "enrol" ? { kind: "enrol", images: [] } : { ...payload, images: [] };
}
