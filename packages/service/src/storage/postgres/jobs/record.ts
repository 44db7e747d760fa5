import type { JobKind, JobStatus } from "@prosopon/core/contract";
import type { JobPayload, JobRecord, StoredResult } from "../../types.ts";

export interface JobRow {
  row: number;
  account: number;
  account_id: string;
  collection: number | null;
  id: string;
  kind: JobKind;
  rank: number;
  turn: number;
  deaths: number;
  status: JobStatus;
  payload: JobPayload;
  attempts: number;
  lease_id: string | null;
  identity_id: string | null;
  result: StoredResult | null;
  error: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  dead_until: number | null;
  retried_as: string | null;
}

/** The columns of a JobRow, with jobs as j. */
export const JOB_COLUMNS = `j.row, j.account, (SELECT a.id FROM accounts a WHERE a.row = j.account) AS account_id, j.collection, j.id, j.kind, j.rank,
  j.turn, j.deaths, j.status, j.payload, j.attempts, j.lease_id, j.identity_id, j.result, j.error, j.created_at, j.started_at, j.finished_at,
  j.dead_until, j.retried_as`;

export function jobRecord(row: JobRow): JobRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    kind: row.kind,
    status: row.status,
    payload: row.payload,
    attempts: row.attempts,
    ...(row.identity_id !== null && { identityId: row.identity_id }),
    ...(row.result !== null && { result: row.result }),
    ...(row.error !== null && { error: row.error }),
    createdAt: row.created_at,
    ...(row.started_at !== null && { startedAt: row.started_at }),
    ...(row.finished_at !== null && { finishedAt: row.finished_at }),
    ...(row.dead_until !== null && {
      dead: { until: row.dead_until, ...(row.retried_as !== null && { retriedAs: row.retried_as }) },
    }),
  };
}
