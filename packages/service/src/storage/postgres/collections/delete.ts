import { inSteps } from "../../../turns.ts";
import { COLLECTION_GONE, refuseDefault } from "../../rules/collections.ts";
import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import { endJobs } from "../jobs/end.ts";
import { JOB_COLUMNS, type JobRow } from "../jobs/record.ts";
import { storable } from "../text.ts";
import { unneeded } from "../uploads.ts";

/** Identities, and jobs, of one step. */
const STEP = 100;

interface Marked {
  row: number;
  account_id: string;
}

export function createDeleteCollection(
  { accountRow, read, transaction }: Context,
  events: Events,
  deleteIdentities: Storage["identities"]["delete"],
): Pick<Storage["collections"], "delete" | "sweep"> {
  /** Of one that nobody sees any more: no job can be started for it. */
  async function erase({ row, account_id }: Marked, now: number, signal?: AbortSignal): Promise<string[]> {
    const freed: string[] = [];
    await inSteps(async () => {
      const { ended, blobIds } = await endWaiting(row, now);
      freed.push(...blobIds);
      return ended === STEP;
    }, signal);
    await inSteps(async () => {
      // identities_page
      const people = await read<{ id: string }>("SELECT id FROM identities WHERE collection = $1 LIMIT $2", [
        row,
        STEP,
      ]);
      if (people.length > 0) {
        const ids = people.map(({ id }) => id);
        freed.push(...(await deleteIdentities(account_id, ids, now)).blobIds);
      }
      return people.length === STEP;
    }, signal);
    if (signal?.aborted) return freed;
    await transaction(
      ({ query }) =>
        query(
          `WITH galleries AS (DELETE FROM galleries WHERE collection = $1 RETURNING row),
             changes AS (DELETE FROM gallery_changes c USING galleries g WHERE c.gallery = g.row)
           DELETE FROM collections WHERE row = $1`,
          [row],
        ),
      { repeatable: true },
    );
    return freed;
  }

  /** Locks: jobs, heads. jobs_collection */
  function endWaiting(collection: number, now: number): Promise<{ ended: number; blobIds: string[] }> {
    return transaction(async (tx) => {
      const jobs = await tx.query<JobRow>(
        `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.collection = $1 AND j.due_at IS NOT NULL ORDER BY j.row LIMIT $2 FOR UPDATE`,
        [collection, STEP],
      );
      const blobs = await tx.query<{ blob_id: string }>(
        "SELECT blob_id FROM job_blobs WHERE job = ANY ($1::bigint[])",
        [jobs.map(({ row }) => row)],
      );
      const ending = { status: "Failed" as const, error: COLLECTION_GONE };
      const ended = await endJobs(
        tx,
        jobs.map((job) => ({ job, ending })),
        now,
      );
      const blobIds = await unneeded(
        tx,
        blobs.map(({ blob_id }) => blob_id),
      );
      await events.record(tx, ended);
      return { ended: jobs.length, blobIds };
    });
  }

  return {
    async delete({ accountId, collectionId }, now) {
      const account = await accountRow(accountId);
      const row = await transaction(async ({ query }) => {
        // Waits for jobs that are just being started for it, which hold FOR KEY SHARE; later ones find it gone.
        const [found] = await query<{ row: number; name: string }>(
          "SELECT row, name FROM collections WHERE id = $1 AND account = $2 AND deleted_at IS NULL FOR UPDATE",
          [storable(collectionId), account],
        );
        if (!found) return undefined;
        refuseDefault(found.name, "deleted");
        await query("UPDATE collections SET deleted_at = $2 WHERE row = $1", [found.row, now]);
        return found.row;
      });
      if (row === undefined) return { deleted: false, blobIds: [] };
      return { deleted: true, blobIds: await erase({ row, account_id: accountId }, now) };
    },
    async sweep(now, signal) {
      // collections_deleted
      const marked = await read<Marked>(
        `SELECT c.row, a.id AS account_id FROM collections c JOIN accounts a ON a.row = c.account WHERE c.deleted_at IS NOT NULL`,
      );
      const freed: string[] = [];
      for (const one of marked) freed.push(...(await erase(one, now, signal)));
      return freed;
    },
  };
}
