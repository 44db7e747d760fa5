import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Events } from "../events.ts";
import { JOB_COLUMNS, type JobRow, subject } from "./record.ts";

export function createLeases(
  { db, patientTransaction: transaction }: Context,
  events: Events,
): Pick<Storage["jobs"], "renew" | "release"> {
  const renew = db.prepare("UPDATE jobs SET due_at = ? WHERE id = ? AND lease_id = ? AND status = 'Started'");
  const held = db.prepare<[string, string], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account
     WHERE j.id = ? AND j.lease_id = ? AND j.status = 'Started'`,
  );
  const release = db.prepare(
    "UPDATE jobs SET status = 'Sent', due_at = ?, lease_id = NULL, attempts = attempts - ? WHERE row = ?",
  );

  return {
    async renew(leases, until) {
      return transaction(() =>
        leases
          .filter(({ jobId, leaseId }) => renew.run(until, jobId, leaseId).changes === 1)
          .map(({ jobId }) => jobId),
      );
    },
    async release({ jobId, leaseId }, { at, countAttempt }) {
      transaction(() => {
        const job = held.get(jobId, leaseId);
        if (!job) return;
        release.run(at, countAttempt ? 0 : 1, job.row);
        events.record(subject(job), "Sent");
        events.due();
      });
    },
  };
}
