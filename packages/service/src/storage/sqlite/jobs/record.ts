import type { JobKind, JobStatus } from "@prosopon/core/contract";
import type { JobPayload, JobRecord, StoredResult } from "../../types.ts";

export interface JobRow {
  row: number;
  account: number;
  account_id: string;
  collection: number | null;
  id: string;
  kind: JobKind;
  turn: number;
  deaths: number;
  status: JobStatus;
  payload: string;
  attempts: number;
  lease_id: string | null;
  identity_id: string | null;
  result: string | null;
  error: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  dead_until: number | null;
  retried_as: string | null;
}

/** The columns of a JobRow, with jobs as j and accounts as a. */
export const JOB_COLUMNS = `j.row, j.account, j.collection, a.id AS account_id, j.id, j.kind, j.turn, j.deaths, j.status, j.payload, j.attempts, j.lease_id,
  j.identity_id, j.result, j.error, j.created_at, j.started_at, j.finished_at, j.dead_until, j.retried_as`;

export function jobRecord(row: JobRow): JobRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    kind: row.kind,
    status: row.status,
    payload: JSON.parse(row.payload) as JobPayload,
    attempts: row.attempts,
    ...(row.identity_id !== null && { identityId: row.identity_id }),
    ...(row.result !== null && { result: JSON.parse(row.result) as StoredResult }),
    ...(row.error !== null && { error: row.error }),
    createdAt: row.created_at,
    ...(row.started_at !== null && { startedAt: row.started_at }),
    ...(row.finished_at !== null && { finishedAt: row.finished_at }),
    ...(row.dead_until !== null && {
      dead: { until: row.dead_until, ...(row.retried_as !== null && { retriedAs: row.retried_as }) },
    }),
  };
}

/** What `events.record` needs to know of a job. */
export function subject(row: JobRow): { row: number; id: string; account: number; accountId: string } {
  return { row: row.row, id: row.id, account: row.account, accountId: row.account_id };
}
