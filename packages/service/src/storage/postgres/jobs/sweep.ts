import { inSteps } from "../../../turns.ts";
import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { letGo } from "./usage.ts";

/** Jobs of one transaction: it holds the heads of their accounts. */
const BATCH = 1_000;

export function createSweep(context: Context): Storage["jobs"]["sweep"] {
  async function batch(before: number): Promise<number> {
    return context.transaction(async ({ query }) => {
      // jobs_ended; what another node sweeps at the same time is passed over.
      const ended = await query<{ row: number }>(
        "SELECT row FROM jobs WHERE finished_at < $1 ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        [before, BATCH],
      );
      if (ended.length === 0) return 0;
      const rows = ended.map(({ row }) => row);
      // events_job; the heads last and in order, as every transaction takes them.
      await query(
        `WITH gone AS (SELECT account, max(seq) AS seq FROM events WHERE job = ANY ($1::bigint[]) GROUP BY account),
           held AS (SELECT h.account, gone.seq FROM account_heads h JOIN gone USING (account) ORDER BY h.account FOR NO KEY UPDATE OF h)
         UPDATE account_heads h SET swept = greatest(h.swept, held.seq) FROM held WHERE h.account = held.account`,
        [rows],
      );
      const kept = await query<{ account: number; size: number }>(
        "DELETE FROM job_blobs b USING jobs j WHERE j.row = b.job AND b.job = ANY ($1::bigint[]) RETURNING j.account, b.size",
        [rows],
      );
      await letGo({ query }, kept);
      // Events and mentions go with the job: ON DELETE CASCADE, by events_job and mentions_job.
      await query("DELETE FROM jobs WHERE row = ANY ($1::bigint[])", [rows]);
      return rows.length;
    });
  }

  return async (before, signal) => {
    let swept = 0;
    await inSteps(async () => {
      const count = await batch(before);
      swept += count;
      return count === BATCH;
    }, signal);
    return swept;
  };
}
