import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import type { Feed } from "../feed/feed.ts";
import { JOB_COLUMNS, type JobRow } from "./record.ts";

export function createLeases(
  { transaction }: Context,
  events: Events,
  feed: Feed,
): Pick<Storage["jobs"], "renew" | "release"> {
  return {
    async renew(leases, until) {
      const held = await transaction(
        ({ query }) =>
          // A job whose row somebody holds is passed over and counts as held: it is being ended, or waits for another's lock, and
          // the others' leases must not run out for it. In the order of rows, as claims take them.
          query<{ id: string }>(
            `WITH leased AS (
               SELECT j.row, j.id, j.lease_id FROM jobs j JOIN unnest($1::text[], $2::text[]) AS l (id, lease_id)
                 ON j.id = l.id COLLATE "C" AND j.lease_id = l.lease_id COLLATE "C"
               WHERE j.status = 'Started'),
             free AS (
               SELECT j.row FROM jobs j JOIN leased USING (row) WHERE j.lease_id = leased.lease_id AND j.status = 'Started'
               ORDER BY j.row FOR UPDATE OF j SKIP LOCKED),
             renewed AS (UPDATE jobs SET due_at = $3 FROM free WHERE jobs.row = free.row)
             SELECT id FROM leased`,
            [leases.map(({ jobId }) => jobId), leases.map(({ leaseId }) => leaseId), until],
          ),
        { repeatable: true, single: true },
      );
      return held.map(({ id }) => id);
    },
    async release({ jobId, leaseId }, { at, countAttempt }) {
      await transaction(
        async (tx) => {
          const [job] = await tx.query<JobRow>(
            `UPDATE jobs j SET status = 'Sent', due_at = $3, lease_id = NULL, attempts = attempts - $4
             WHERE j.id = $1 AND j.lease_id = $2 AND j.status = 'Started' RETURNING ${JOB_COLUMNS}`,
            [jobId, leaseId, at, countAttempt ? 0 : 1],
          );
          if (!job) return;
          await events.record(tx, [{ job, status: "Sent" }]);
          tx.afterCommit(feed.due);
        },
        { repeatable: true },
      );
    },
  };
}
