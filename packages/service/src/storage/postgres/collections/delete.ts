import { inSteps } from "../../../turns.ts";
import { COLLECTION_GONE, refuseDefault } from "../../rules/collections.ts";
import { bare } from "../../rules/ends.ts";
import type { JobPayload, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import { endJobs } from "../jobs/end.ts";
import { JOB_COLUMNS, type JobRow } from "../jobs/record.ts";
import { letGo } from "../jobs/usage.ts";
import { storable, toJson } from "../text.ts";
import { unneeded } from "../uploads.ts";

/** Identities, and jobs, of one step. */
const STEP = 100;

/** Failed jobs looked at in one step. */
const FAILED = 1_000;

interface Marked {
  row: number;
  account: number;
  account_id: string;
}

interface Failed {
  row: number;
  collection: number | null;
  payload: JobPayload;
  created_at: number;
  id: string;
}

export function createDeleteCollection(
  { accountRow, read, transaction }: Context,
  events: Events,
  deleteIdentities: Storage["identities"]["delete"],
): Pick<Storage["collections"], "delete" | "sweep"> {
  /** Of one that nobody sees any more: no job can be started for it. */
  async function erase(
    { row, account, account_id }: Marked,
    now: number,
    signal?: AbortSignal,
  ): Promise<string[]> {
    const freed: string[] = [];
    await inSteps(async () => {
      const { ended, blobIds } = await endWaiting(row, now);
      freed.push(...blobIds);
      return ended === STEP;
    }, signal);
    // Whom they would have enrolled is in what failed, and its images are kept of what was abandoned.
    let last = { created_at: 0, id: "" };
    await inSteps(async () => {
      // jobs_failed
      const jobs = await read<Failed>(
        `SELECT row, collection, payload, created_at, id FROM jobs
         WHERE account = $1 AND status = 'Failed' AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4`,
        [account, last.created_at, last.id, FAILED],
      );
      const own = jobs.filter(({ collection }) => collection === row);
      if (own.length > 0) freed.push(...(await forgetFailed(account, own, now)));
      last = jobs.at(-1) ?? last;
      return jobs.length === FAILED;
    }, signal);
    // Until nobody is left: where another call deletes one of a step at the same time, the step deletes nobody.
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
      return people.length > 0;
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

  /** Locks: jobs, heads. */
  function forgetFailed(account: number, jobs: readonly Failed[], now: number): Promise<string[]> {
    return transaction(async (tx) => {
      const rows = jobs.map(({ row }) => row);
      await tx.query("SELECT 1 FROM jobs WHERE row = ANY ($1::bigint[]) ORDER BY row FOR UPDATE", [rows]);
      const blobs = await tx.query<{ blob_id: string; size: number }>(
        "DELETE FROM job_blobs WHERE job = ANY ($1::bigint[]) RETURNING blob_id, size",
        [rows],
      );
      await tx.query(
        `UPDATE jobs j SET payload = b.payload::json,
           dead_until = CASE WHEN j.dead_until IS NOT NULL THEN least(j.dead_until, $3) END
         FROM unnest($1::bigint[], $2::text[]) AS b (row, payload) WHERE j.row = b.row`,
        [rows, jobs.map(({ payload }) => toJson(bare(payload))), now],
      );
      const freed = await unneeded(
        tx,
        blobs.map(({ blob_id }) => blob_id),
      );
      await letGo(
        tx,
        blobs.map(({ size }) => ({ account, size })),
      );
      return freed;
    });
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
      return { deleted: true, blobIds: await erase({ row, account, account_id: accountId }, now) };
    },
    async sweep(now, signal) {
      // collections_deleted
      const marked = await read<Marked>(
        `SELECT c.row, c.account, a.id AS account_id FROM collections c JOIN accounts a ON a.row = c.account WHERE c.deleted_at IS NOT NULL`,
      );
      const freed: string[] = [];
      for (const one of marked) freed.push(...(await erase(one, now, signal)));
      return freed;
    },
  };
}
