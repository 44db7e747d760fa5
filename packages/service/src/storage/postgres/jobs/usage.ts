import type { Context } from "../context.ts";
import type { Transaction } from "../database.ts";

/** Of an account by its row. */
export const USAGE = `SELECT unfinished_jobs AS "unfinishedJobs", pending_bytes AS "pendingBytes" FROM event_heads WHERE account = $1`;

/** Counts images that were let go of otherwise than by a job's end. Takes the heads of the accounts, in their order: last, but for events. */
export async function letGo(
  { query }: Pick<Transaction, "query">,
  images: readonly { account: number; size: number }[],
): Promise<void> {
  if (images.length === 0) return;
  await query(
    `WITH held AS (
       SELECT account FROM event_heads WHERE account = ANY ($1::int[]) ORDER BY account FOR NO KEY UPDATE)
     UPDATE event_heads h SET pending_bytes = h.pending_bytes - f.size
     FROM (SELECT account, sum(size)::bigint AS size FROM unnest($1::int[], $2::bigint[]) AS f (account, size) JOIN held USING (account) GROUP BY account) f
     WHERE h.account = f.account`,
    [images.map(({ account }) => account), images.map(({ size }) => size)],
  );
}

const COUNTED = `
  SELECT h.account FROM event_heads h
    LEFT JOIN (SELECT account, count(*) AS jobs FROM jobs WHERE due_at IS NOT NULL GROUP BY account) j USING (account)
    LEFT JOIN (SELECT j.account, sum(b.size) AS bytes FROM job_blobs b JOIN jobs j ON j.row = b.job GROUP BY j.account) b USING (account)
    LEFT JOIN (SELECT account, sum(size) AS bytes FROM uploads GROUP BY account) u USING (account)
  WHERE h.unfinished_jobs <> coalesce(j.jobs, 0) OR h.pending_bytes <> coalesce(b.bytes, 0) + coalesce(u.bytes, 0)`;

/** Where a node of an older version, which does not count, began or ended jobs. Whoever changes what is counted holds the head to its commit. */
export async function countAnew({ read, transaction }: Context): Promise<void> {
  for (const { account } of await read<{ account: number }>(COUNTED)) {
    await transaction(
      async ({ query }) => {
        await query("SELECT 1 FROM event_heads WHERE account = $1 FOR NO KEY UPDATE", [account]);
        await query(
          `UPDATE event_heads SET
             unfinished_jobs = (SELECT count(*) FROM jobs WHERE account = $1 AND due_at IS NOT NULL),
             pending_bytes = coalesce((SELECT sum(b.size) FROM job_blobs b JOIN jobs j ON j.row = b.job WHERE j.account = $1), 0)
               + coalesce((SELECT sum(size) FROM uploads WHERE account = $1), 0)
           WHERE account = $1`,
          [account],
        );
      },
      { repeatable: true },
    );
  }
}
