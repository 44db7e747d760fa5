import { inSteps } from "../../../turns.ts";
import { COLLECTION_GONE, refuseDefault } from "../../rules/collections.ts";
import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { EndJob } from "../jobs/end.ts";
import { JOB_COLUMNS, type JobRow } from "../jobs/record.ts";
import { blobInUse } from "../uploads.ts";

/** Identities, and jobs, of one step. */
const STEP = 100;

interface Marked {
  row: number;
  account_id: string;
}

export function createDeleteCollection(
  { db, collectionRow, transaction }: Context,
  end: EndJob,
  deleteIdentities: Storage["identities"]["delete"],
): Pick<Storage["collections"], "delete" | "sweep"> {
  const nameOf = db.prepare<[number], string>("SELECT name FROM collections WHERE row = ?").pluck();
  const mark = db.prepare("UPDATE collections SET deleted_at = ? WHERE row = ?");
  // collections_deleted
  const marked = db.prepare<[], Marked>(
    `SELECT c.row, a.id AS account_id FROM collections c JOIN accounts a ON a.row = c.account WHERE c.deleted_at IS NOT NULL`,
  );
  // jobs_collection
  const waiting = db.prepare<[number, number], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account
     WHERE j.collection = ? AND j.due_at IS NOT NULL ORDER BY j.row LIMIT ?`,
  );
  const blobsOf = db.prepare<[number], string>("SELECT blob_id FROM job_blobs WHERE job = ?").pluck();
  const inUse = blobInUse(db);
  // identities_text
  const people = db
    .prepare<[number, number], string>("SELECT id FROM identities WHERE collection = ? LIMIT ?")
    .pluck();
  const dropGalleries = db.prepare("DELETE FROM galleries WHERE collection = ?");
  const drop = db.prepare("DELETE FROM collections WHERE row = ?");

  /** Of one that nobody sees any more: no job can be started for it. */
  async function erase({ row, account_id }: Marked, now: number, signal?: AbortSignal): Promise<string[]> {
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
    await inSteps(async () => {
      const ids = people.all(row, STEP);
      if (ids.length > 0) freed.push(...(await deleteIdentities(account_id, ids, now)).blobIds);
      return ids.length === STEP;
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
      const row = transaction(() => {
        const found = collectionRow(key);
        if (found === undefined) return undefined;
        refuseDefault(nameOf.get(found)!, "deleted");
        mark.run(now, found);
        return found;
      });
      if (row === undefined) return { deleted: false, blobIds: [] };
      return { deleted: true, blobIds: await erase({ row, account_id: key.accountId }, now) };
    },
    async sweep(now, signal) {
      const freed: string[] = [];
      for (const one of marked.all()) freed.push(...(await erase(one, now, signal)));
      return freed;
    },
  };
}
