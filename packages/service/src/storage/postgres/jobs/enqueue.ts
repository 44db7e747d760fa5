import { checkUsage, ownBytes } from "../../rules/quotas.ts";
import {
  type JobPayload,
  type JobRecord,
  type Quotas,
  type Storage,
  StorageError,
  type Usage,
} from "../../types.ts";
import type { Context } from "../context.ts";
import type { Prepared, Transaction } from "../database.ts";
import type { Events } from "../events.ts";
import { isUniqueViolation } from "../faults.ts";
import type { Feed } from "../feed/feed.ts";
import { nextTurn, rankOf, TURN_COLUMN } from "../../rules/turn.ts";
import { storable, toJson } from "../text.ts";
import { noCollection } from "../../rules/collections.ts";
import { IDENTITIES } from "../identities/record.ts";
import { JOB_COLUMNS, jobRecord, type JobRow } from "./record.ts";
import { USAGE } from "./usage.ts";

/**
 * The account's head is held from here to the commit, so that no two of its jobs get one turn, its events are in order and
 * it has no more than its quotas: UPDATE looks at the newest version of the row that it waited for. No row: a quota is used up,
 * or the collection is gone; a deletion of it comes before this job, or finds it.
 * Due at once, by any worker's clock: where this node's is ahead the job would wait for the difference.
 */
const INSERT = TURN_COLUMN.map((column): Prepared => ({
  name: `enqueue_${column}`,
  text: `
  WITH place AS (
    SELECT row FROM collections WHERE id = $14 AND account = $1::int AND deleted_at IS NULL FOR KEY SHARE
  ), head AS (
    UPDATE account_heads h SET seq = h.seq + 1, ${column} = ${nextTurn("greatest", `h.${column}`, "$4::smallint")},
      unfinished_jobs = h.unfinished_jobs + 1, pending_bytes = h.pending_bytes + $10::bigint
    WHERE h.account = $1::int AND ($14::text IS NULL OR EXISTS (SELECT 1 FROM place)) AND h.unfinished_jobs < $11::bigint
      AND ($10::bigint <= 0 OR h.pending_bytes + $10::bigint <= $12::bigint)
    RETURNING h.seq, h.${column} AS turn
  ), job AS (
    INSERT INTO jobs AS j (account, id, collection, kind, rank, turn, status, payload, deaths, due_at, identity_id, created_at)
    SELECT $1::int, $2, (SELECT row FROM place), $3, $4::smallint, head.turn, 'Sent', $5::json, $13::int, 0, $7, $6::bigint FROM head
    RETURNING ${JOB_COLUMNS}
  ), blobs AS (
    INSERT INTO job_blobs (job, blob_id, size)
    SELECT job.row, blob_id, size FROM job, unnest($8::text[], $9::bigint[]) AS b (blob_id, size) ON CONFLICT DO NOTHING
  ), event AS (
    INSERT INTO events (account, seq, job, status) SELECT $1::int, head.seq, job.row, 'Sent' FROM job, head
  )
  SELECT job.*, head.seq FROM job, head`,
}));

/** By its id, in its account. */
export const OWN = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.id = $1 AND j.account = $2`;

/** Job, images and event in one commit. */
export function createEnqueue(
  { accountRow, read, transaction }: Context,
  events: Events,
  feed: Feed,
): Storage["jobs"]["enqueue"] {
  return async ({ id, accountId, payload, uploadIds = [], now, quotas }) => {
    const account = await accountRow(accountId);
    if (account < 0) throw new StorageError("not-found", "There is no such account.");
    const identityId = payload.identityId === undefined ? null : storable(payload.identityId);
    const collectionId = payload.collectionId === undefined ? undefined : storable(payload.collectionId);
    try {
      return await transaction(
        async (tx): Promise<JobRecord> => {
          const own = identityId === null ? undefined : await identityThere(tx, identityId, account);
          if (identityId !== null && (own === undefined || own !== (collectionId ?? own)))
            throw new StorageError("not-found", "There is no identity with this id.");
          if (uploadIds.length > 0) await checkUploads(tx, uploadIds, account, now);
          const job = await insertJob(
            tx,
            events,
            account,
            {
              id,
              payload: { ...payload, ...(own !== undefined && { collectionId: own }) },
              collectionId: collectionId ?? own ?? null,
              identityId,
              quotas,
            },
            now,
          );
          tx.afterCommit(feed.due);
          return jobRecord(job);
        },
        { repeatable: true, single: identityId === null && uploadIds.length === 0 },
      );
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      // Ids are random: the job is this one, written before the connection broke. That told nobody.
      feed.due();
      return jobRecord((await read<JobRow>(OWN, [id, account]))[0]!);
    }
  };
}

interface NewJob {
  id: string;
  payload: JobPayload;
  collectionId: string | null;
  identityId: string | null;
  /** Bytes of images, and deaths, that it takes over. */
  taken?: number;
  deaths?: number;
  quotas: Partial<Quotas> | undefined;
}

/**
 * The job as Sent, with its images and its event. The last statement of its transaction.
 * @throws StorageError `quota`, `not-found`; a unique violation when there is one with this id
 */
export async function insertJob(
  tx: Transaction,
  events: Events,
  account: number,
  { id, payload, collectionId, identityId, taken = 0, deaths = 0, quotas = {} }: NewJob,
  now: number,
): Promise<JobRow> {
  const rank = rankOf(payload.kind);
  const pendingBytes = ownBytes(payload.images) - taken;
  const { unfinishedJobs = Infinity, pendingBytes: mostBytes = Infinity } = quotas;
  const values = [
    account,
    id,
    payload.kind,
    rank,
    toJson(payload),
    now,
    identityId,
    payload.images.map(({ blobId }) => blobId),
    payload.images.map((image) => ownBytes([image])),
    pendingBytes,
    Math.min(unfinishedJobs, Number.MAX_SAFE_INTEGER),
    Math.min(mostBytes, Number.MAX_SAFE_INTEGER),
    deaths,
    collectionId,
  ];
  for (;;) {
    const [job] = await tx.query<JobRow & { seq: number }>(INSERT[rank]!, values);
    if (job) {
      events.written(tx, [{ job, status: "Sent", seq: job.seq }]);
      return job;
    }
    // Written before the connection broke, it may itself be the last that there was room for.
    const [own] = await tx.query<JobRow>(OWN, [id, account]);
    if (own) return own;
    const [usage] = await tx.query<Usage>(USAGE, [account]);
    checkUsage(usage!, { unfinishedJobs: 1, pendingBytes }, quotas);
    const [there] = await tx.query(
      "SELECT 1 FROM collections WHERE id = $1 AND account = $2 AND deleted_at IS NULL",
      [collectionId, account],
    );
    if (collectionId !== null && !there) throw noCollection();
  }
}

/** The collection it is in. Held until the commit: a deletion comes before this job, or finds it. */
export async function identityThere(
  { query }: Transaction,
  identityId: string,
  account: number,
): Promise<string | undefined> {
  const [found] = await query<{ collection_id: string }>(
    `SELECT c.id AS collection_id FROM ${IDENTITIES} WHERE i.id = $1 AND i.account = $2 FOR KEY SHARE OF i`,
    [identityId, account],
  );
  return found?.collection_id;
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
