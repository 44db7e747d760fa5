import { decodeCursor, page, type Position } from "../../cursor.ts";
import type { JobFilter, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { walk } from "../walk.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";

/** Jobs looked at in one step, at a microsecond each. */
const STEP = 2_000;

/** The narrowest index that holds all of the list. Of unfinished jobs an account has no more than its quota: they are sorted. */
function narrowest({ status, dead }: JobFilter): { index: string; where: string; sorted?: true } {
  if (dead) return { index: "jobs_dead", where: "j.dead_until IS NOT NULL" };
  if (status === "Failed") return { index: "jobs_failed", where: "j.status = 'Failed'" };
  if (status === "Sent" || status === "Started")
    return { index: "jobs_waiting", where: "j.due_at IS NOT NULL", sorted: true };
  return { index: "jobs_page", where: "true" };
}

/** Newest first; step by step where much may be passed over. */
export function createList({ db, accountRow }: Context): Storage["jobs"]["list"] {
  return async (accountId, filter, { limit, cursor }) => {
    const account = accountRow(accountId) ?? -1;
    const { index, where, sorted } = narrowest(filter);
    const before = `FROM jobs j INDEXED BY ${index} JOIN accounts a ON a.row = j.account
      WHERE j.account = ? AND ${where} AND (j.created_at, j.id) < (?, ?)`;
    const ahead = db.prepare<[number, number, string, number], Position>(
      `SELECT j.created_at AS createdAt, j.id ${before} ORDER BY j.created_at DESC, j.id DESC LIMIT 1 OFFSET ?`,
    );
    const select = db.prepare<(string | number | null)[], JobRow>(
      `SELECT ${JOB_COLUMNS} ${before} AND (j.created_at, j.id) >= (?, ?)
         AND (? IS NULL OR j.status = ?) AND (? IS NULL OR j.kind = ?)
       ORDER BY j.created_at DESC, j.id DESC LIMIT ?`,
    );
    const { status = null, kind = null } = filter;
    const read = (from: Position, to: Position | undefined, most: number) =>
      select
        .all(
          account,
          from.createdAt,
          from.id,
          to?.createdAt ?? -1,
          to?.id ?? "",
          status,
          status,
          kind,
          kind,
          most,
        )
        .map(jobRecord);
    const start = decodeCursor(cursor);
    if (sorted || (!status && !kind)) return page(read(start, undefined, limit + 1), limit);
    return walk(
      { step: STEP, ahead: (from, n) => ahead.get(account, from.createdAt, from.id, n - 1), passing: read },
      start,
      limit,
    );
  };
}
