import { inSteps } from "../../../turns.ts";
import { COLLECTION_GONE, refuseDefault } from "../../rules/collections.ts";
import { bare } from "../../rules/ends.ts";
import type { JobPayload, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { EndJob } from "../jobs/end.ts";
import { JOB_COLUMNS, type JobRow } from "../jobs/record.ts";
import { blobInUse } from "../uploads.ts";

/** Identities, and jobs, of one step. */
const STEP = 100;

/** Failed jobs looked at in one step. */
const FAILED = 500;

interface Marked {
  row: number;
  account: number;
  account_id: string;
}

interface Failed {
  row: number;
  collection: number | null;
  payload: string;
  created_at: number;
  id: string;
}

export function createDeleteCollection(
  { db, accountRow, collectionRow, transaction }: Context,
  end: EndJob,
  deleteIdentities: Storage["identities"]["delete"],
): Pick<Storage["collections"], "delete" | "sweep"> {
  const nameOf = db.prepare<[number], string>("SELECT name FROM collections WHERE row = ?").pluck();
  const mark = db.prepare("UPDATE collections SET deleted_at = ? WHERE row = ?");
  // collections_deleted
  const marked = db.prepare<[], Marked>(
    `SELECT c.row, c.account, a.id AS account_id FROM collections c JOIN accounts a ON a.row = c.account WHERE c.deleted_at IS NOT NULL`,
  );
  // jobs_collection
  const waiting = db.prepare<[number, number], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account
     WHERE j.collection = ? AND j.due_at IS NOT NULL ORDER BY j.row LIMIT ?`,
  );
  // jobs_failed
  const failed = db.prepare<[number, number, string, number], Failed>(
    `SELECT row, collection, payload, created_at, id FROM jobs
     WHERE account = ? AND status = 'Failed' AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?`,
  );
  const takeBlobs = db
    .prepare<[number], string>("DELETE FROM job_blobs WHERE job = ? RETURNING blob_id")
    .pluck();
  const scrub = db.prepare("UPDATE jobs SET payload = ?, dead_until = min(dead_until, ?) WHERE row = ?");
  const blobsOf = db.prepare<[number], string>("SELECT blob_id FROM job_blobs WHERE job = ?").pluck();
  const inUse = blobInUse(db);
  // identities_text
  const people = db
    .prepare<[number, number], string>("SELECT id FROM identities WHERE collection = ? LIMIT ?")
    .pluck();
  const dropGalleries = db.prepare("DELETE FROM galleries WHERE collection = ?");
  const drop = db.prepare("DELETE FROM collections WHERE row = ?");

  /** Of one that nobody sees any more: no job can be started for it. */
  async function erase(
    { row, account, account_id }: Marked,
    now: number,
    signal?: AbortSignal,
  ): Promise<string[]> {
    const freed: string[] = [];
    await inSteps(
      () =>
        transaction(() => {
          const jobs = waiting.all(row, STEP);
          for (const job of jobs) {
            const blobIds = blobsOf.all(job.row);
            end(job, { status: "Failed", error: COLLECTION_GONE }, now);
            freed.push(...blobIds.filter((blobId) => !inUse(blobId)));
          }
          return jobs.length === STEP;
        }),
      signal,
    );
    // Whom they would have enrolled is in what failed, and its images are kept of what was abandoned.
    let last = { created_at: 0, id: "" };
    await inSteps(
      () =>
        transaction(() => {
          const jobs = failed.all(account, last.created_at, last.id, FAILED);
          for (const job of jobs.filter(({ collection }) => collection === row)) {
            freed.push(...takeBlobs.all(job.row).filter((blobId) => !inUse(blobId)));
            scrub.run(JSON.stringify(bare(JSON.parse(job.payload) as JobPayload)), now, job.row);
          }
          last = jobs.at(-1) ?? last;
          return jobs.length === FAILED;
        }),
      signal,
    );
    // Until nobody is left: where another call deletes one of a step at the same time, the step deletes nobody.
    await inSteps(async () => {
      const ids = people.all(row, STEP);
      if (ids.length > 0) freed.push(...(await deleteIdentities(account_id, ids, now)).blobIds);
      return ids.length > 0;
    }, signal);
    if (signal?.aborted) return freed;
    transaction(() => {
      dropGalleries.run(row);
      drop.run(row);
    });
    return freed;
  }

  return {
    async delete(key, now) {
      const account = accountRow(key.accountId) ?? -1;
      const row = transaction(() => {
        const found = collectionRow(key);
        if (found === undefined) return undefined;
        refuseDefault(nameOf.get(found)!, "deleted");
        mark.run(now, found);
        return found;
      });
      if (row === undefined) return { deleted: false, blobIds: [] };
      return { deleted: true, blobIds: await erase({ row, account, account_id: key.accountId }, now) };
    },
    async sweep(now, signal) {
      const freed: string[] = [];
      for (const one of marked.all()) freed.push(...(await erase(one, now, signal)));
      return freed;
    },
  };
}
