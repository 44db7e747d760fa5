import { inSteps } from "../../../turns.ts";
import type { RetryAnswer, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import type { Feed } from "../feed/feed.ts";
import { storable } from "../text.ts";
import { unneeded } from "../uploads.ts";
import { identityThere, insertJob } from "./enqueue.ts";
import { JOB_COLUMNS, type JobRow } from "./record.ts";
import { letGo } from "./usage.ts";

/** Dead jobs let go of in one step. */
const BATCH = 1_000;

export function createRetry(
  { accountRow, transaction }: Context,
  events: Events,
  feed: Feed,
): Pick<Storage["jobs"], "retry" | "expire"> {
  return {
    async retry(accountId, jobId, { id, now, quotas }) {
      const account = await accountRow(accountId);
      return transaction(
        async (tx): Promise<RetryAnswer> => {
          // Held until the commit: of retries at the same time the second finds the first one's job. Locks: job, identity, heads.
          const [job] = await tx.query<JobRow>(
            `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.id = $1 AND j.account = $2 FOR UPDATE`,
            [storable(jobId), account],
          );
          if (!job) return { retried: false, reason: "unknown" };
          if (job.dead_until === null) return { retried: false, reason: "not-dead" };
          if (job.retried_as !== null) return { retried: true, jobId: job.retried_as };
          if (job.identity_id !== null && (await identityThere(tx, job.identity_id, account)) === undefined)
            return { retried: false, reason: "identity-gone" };
          const [there] = await tx.query<{ id: string }>(
            "SELECT id FROM collections WHERE row = $1 AND deleted_at IS NULL FOR KEY SHARE",
            [job.collection],
          );
          if (job.collection !== null && !there) return { retried: false, reason: "collection-gone" };
          if (job.dead_until <= now) return { retried: false, reason: "expired" };
          const [{ taken } = { taken: 0 }] = await tx.query<{ taken: number }>(
            `WITH moved AS (DELETE FROM job_blobs WHERE job = $1 RETURNING size)
             UPDATE jobs SET retried_as = $2 WHERE row = $1 RETURNING (SELECT coalesce(sum(size), 0)::bigint FROM moved) AS taken`,
            [job.row, id],
          );
          const { payload, identity_id: identityId, deaths } = job;
          const next = { id, payload, collectionId: there?.id ?? null, identityId, taken, deaths, quotas };
          await insertJob(tx, events, account, next, now);
          tx.afterCommit(feed.due);
          return { retried: true, jobId: id };
        },
        { repeatable: true },
      );
    },
    async expire(now, signal) {
      const freed = new Set<string>();
      await inSteps(async () => {
        const gone = await transaction(async (tx) => {
          // By jobs_dead, or from job_blobs where that holds fewer; what is being retried or deleted just now is passed over.
          const taken = await tx.query<{ blob_id: string; account: number; size: number }>(
            `WITH expired AS (SELECT j.row, j.account FROM jobs j WHERE j.dead_until <= $1 AND EXISTS (SELECT 1 FROM job_blobs b WHERE b.job = j.row)
               ORDER BY j.row LIMIT $2 FOR UPDATE SKIP LOCKED)
             DELETE FROM job_blobs b USING expired e WHERE b.job = e.row RETURNING b.blob_id, e.account, b.size`,
            [now, BATCH],
          );
          const unused = await unneeded(tx, [...new Set(taken.map(({ blob_id }) => blob_id))]);
          await letGo(tx, taken);
          return { taken: taken.length, unused };
        });
        for (const blobId of gone.unused) freed.add(blobId);
        return gone.taken >= BATCH;
      }, signal);
      return [...freed];
    },
  };
}
