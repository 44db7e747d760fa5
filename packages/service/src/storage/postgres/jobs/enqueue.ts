import { type JobPayload, type JobRecord, type Storage, StorageError } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Transaction } from "../database.ts";
import type { Events } from "../events.ts";
import type { Feed } from "../feed/feed.ts";
import { nextTurn, RANK, TURN_COLUMN } from "../../turn.ts";
import { storable, toJson } from "../text.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";

/**
 * The account's head is held from here on, so that no two of its jobs get one turn.
 * Due at once, by any worker's clock: where this node's is ahead the job would wait for the difference.
 */
const INSERT = TURN_COLUMN.map(
  (column) => `
  WITH head AS (
    UPDATE event_heads h SET ${column} = ${nextTurn("greatest", `h.${column}`, "$4::smallint")}
    WHERE h.account = $1::int RETURNING h.${column} AS turn
  ), job AS (
    INSERT INTO jobs AS j (account, id, kind, rank, turn, status, payload, due_at, identity_id, created_at)
    SELECT $1::int, $2, $3, $4::smallint, head.turn, 'Sent', $5::json, 0, $7, $6::bigint FROM head
    ON CONFLICT (id) DO NOTHING
    RETURNING ${JOB_COLUMNS}
  ), blobs AS (
    INSERT INTO job_blobs (job, blob_id) SELECT job.row, blob_id FROM job, unnest($8::text[]) AS blob_id ON CONFLICT DO NOTHING
  )
  SELECT * FROM job`,
);

/** Job, images and event in one commit. */
export function createEnqueue(
  { accountRow, transaction }: Context,
  events: Events,
  feed: Feed,
): Storage["jobs"]["enqueue"] {
  return async ({ id, accountId, payload, uploadIds = [], now }) => {
    const account = await accountRow(accountId);
    if (account < 0) throw new StorageError("not-found", "There is no such account.");
    return transaction(
      async (tx): Promise<JobRecord> => {
        const identityId = "identityId" in payload ? storable(payload.identityId) : null;
        if (identityId !== null && !(await identityThere(tx, identityId, account)))
          throw new StorageError("not-found", "There is no identity with this id.");
        if (uploadIds.length > 0) await checkUploads(tx, uploadIds, account, now);
        const job = await insertJob(tx, account, { id, payload, identityId }, now);
        // Ids are random: the job is this one, written before the connection broke.
        if (!job) {
          tx.afterCommit(feed.due); // what was written then told nobody
          const own = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.id = $1 AND j.account = $2`;
          return jobRecord((await tx.query<JobRow>(own, [id, account]))[0]!);
        }
        await events.record(tx, [{ job, status: "Sent" }]);
        tx.afterCommit(feed.due);
        return jobRecord(job);
      },
      { repeatable: true },
    );
  };
}

/** The job as Sent with its images; undefined when there is one with this id. The event is the caller's to record. */
export async function insertJob(
  { query }: Transaction,
  account: number,
  { id, payload, identityId }: { id: string; payload: JobPayload; identityId: string | null },
  now: number,
): Promise<JobRow | undefined> {
  const rank = RANK[payload.kind];
  const [job] = await query<JobRow>(INSERT[rank]!, [
    account,
    id,
    payload.kind,
    rank,
    toJson(payload),
    now,
    identityId,
    payload.images.map(({ blobId }) => blobId),
  ]);
  return job;
}

/** Held until the commit: a deletion comes before this job, or finds it. */
export async function identityThere(
  { query }: Transaction,
  identityId: string,
  account: number,
): Promise<boolean> {
  const found = await query("SELECT 1 FROM identities WHERE id = $1 AND account = $2 FOR KEY SHARE", [
    identityId,
    account,
  ]);
  return found.length > 0;
}

/** Held until the commit: an upload that is swept meanwhile leaves its image to this job. */
async function checkUploads(
  { query }: Transaction,
  uploadIds: string[],
  account: number,
  now: number,
): Promise<void> {
  const wanted = [...new Set(uploadIds.map(storable))];
  const found = await query(
    "SELECT 1 FROM uploads WHERE id = ANY ($1::text[]) AND account = $2 AND expires_at > $3 ORDER BY id FOR KEY SHARE",
    [wanted, account, now],
  );
  if (found.length === wanted.length) return;
  throw new StorageError(
    "not-found",
    "There is no upload with this id, or it has expired. Send the image again.",
  );
}
