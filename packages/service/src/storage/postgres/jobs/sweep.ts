import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";

/** Jobs of one transaction: it holds the heads of their accounts. */
const BATCH = 1_000;

export function createSweep({ transaction }: Context): Storage["jobs"]["sweep"] {
  async function batch(before: number): Promise<number> {
    return transaction(async ({ query }) => {
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
           held AS (SELECT h.account, gone.seq FROM event_heads h JOIN gone USING (account) ORDER BY h.account FOR NO KEY UPDATE OF h)
         UPDATE event_heads h SET swept = greatest(h.swept, held.seq) FROM held WHERE h.account = held.account`,
        [rows],
      );
      // Events, mentions and images go with the job: ON DELETE CASCADE, by events_job, mentions_job and job_blobs' key.
      await query("DELETE FROM jobs WHERE row = ANY ($1::bigint[])", [rows]);
      return rows.length;
    });
  }

  return async (before) => {
    let swept = 0;
    for (;;) {
      const count = await batch(before);
      swept += count;
      if (count < BATCH) return swept;
    }
  };
}
