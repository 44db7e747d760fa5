import { checkUsage, ownBytes } from "../../rules/quotas.ts";
import { type JobPayload, type Quotas, type Storage, StorageError, type Usage } from "../../types.ts";
import { rankOf } from "../../rules/turn.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import { noCollection } from "../../rules/collections.ts";
import type { PlaceOf } from "./place.ts";
import { JOB_COLUMNS, jobRecord, type JobRow, subject } from "./record.ts";
import type { Turns } from "./turns.ts";

/** Inside a transaction: writes a job as Sent with its images and event; due at once by any clock. @throws StorageError `quota` */
export type InsertJob = (
  account: number,
  job: {
    id: string;
    payload: JobPayload;
    collection: number | null;
    identityId: string | null;
    deaths?: number;
  },
  now: number,
  quotas: Partial<Quotas> | undefined,
) => JobRow;

export function createInsertJob({ db }: Context, events: Events, turns: Turns): InsertJob {
  const insert = db.prepare(
    `INSERT INTO jobs (account, id, collection, kind, rank, turn, status, payload, deaths, due_at, identity_id, created_at)
     VALUES (?, ?, ?, ?, ?, ?, 'Sent', ?, ?, 0, ?, ?)`,
  );
  const inserted = db.prepare<[number | bigint], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account WHERE j.row = ?`,
  );
  const insertBlob = db.prepare("INSERT OR IGNORE INTO job_blobs (job, blob_id, size) VALUES (?, ?, ?)");
  const usage = createUsage({ db });

  return (account, { id, payload, collection, identityId, deaths = 0 }, now, quotas) => {
    checkUsage(usage(account), { unfinishedJobs: 1, pendingBytes: ownBytes(payload.images) }, quotas);
    const rank = rankOf(payload.kind);
    const { lastInsertRowid: row } = insert.run(
      account,
      id,
      collection,
      payload.kind,
      rank,
      turns.take(account, rank),
      JSON.stringify(payload),
      deaths,
      identityId,
      now,
    );
    for (const image of payload.images) insertBlob.run(row, image.blobId, ownBytes([image]));
    const job = inserted.get(row)!;
    events.record(subject(job), "Sent");
    events.due();
    return job;
  };
}

/** Of an account by its row. */
export function createUsage({ db }: Pick<Context, "db">): (account: number) => Usage {
  const usage = db.prepare<[number], Usage>(
    'SELECT unfinished_jobs AS "unfinishedJobs", pending_bytes AS "pendingBytes" FROM accounts WHERE row = ?',
  );
  return (account) => usage.get(account)!;
}

/** Job, images and event in one commit. */
export function createEnqueue(
  { db, accountRow, patientTransaction: transaction }: Context,
  insertJob: InsertJob,
  placeOf: PlaceOf,
): Storage["jobs"]["enqueue"] {
  const upload = db.prepare("SELECT 1 FROM uploads WHERE id = ? AND account = ? AND expires_at > ?");

  return async ({ id, accountId, payload, uploadIds = [], now, quotas }) => {
    const account = accountRow(accountId);
    if (account === undefined) throw new StorageError("not-found", "There is no such account.");
    return transaction(() => {
      const { collection, payload: placed, gone } = placeOf(accountId, account, payload);
      if (gone === "collection") throw noCollection();
      if (gone === "identity") throw new StorageError("not-found", "There is no identity with this id.");
      for (const uploadId of uploadIds) {
        if (!upload.get(uploadId, account, now)) {
          throw new StorageError(
            "not-found",
            "There is no upload with this id, or it has expired. Send the image again.",
          );
        }
      }
      const job = { id, payload: placed, collection, identityId: placed.identityId ?? null };
      return jobRecord(insertJob(account, job, now, quotas));
    });
  };
}
