import type { Limits } from "../limits.ts";
import { HttpProblem } from "../problem.ts";
import type { Storage } from "../storage/types.ts";

/** Bounds the unfinished jobs of an account. */
export interface Quota {
  /** Before a body is read. @throws HttpProblem 429 with `Retry-After`. */
  check(accountId: string): Promise<void>;
  close(): void;
}

/** Counts by the storage's events, so that a POST needs no count over the jobs table; read once per account. */
export function createQuota(storage: Storage, limits: Limits): Quota {
  const unfinished = new Map<string, Set<string>>();
  const stop = storage.events.listen(({ accountId, jobId, status }) => {
    const jobs = unfinished.get(accountId);
    if (status === "Sent" || status === "Started") jobs?.add(jobId);
    else jobs?.delete(jobId);
  });

  return {
    async check(accountId) {
      let jobs = unfinished.get(accountId);
      if (!jobs) {
        jobs = new Set();
        unfinished.set(accountId, jobs);
        for (const job of await storage.jobs.unfinished(accountId)) jobs.add(job.id);
      }
      if (jobs.size >= limits.unfinishedJobs) {
        throw new HttpProblem(
          429,
          `${limits.unfinishedJobs} jobs of this account wait already: send more when some have ended`,
          { "retry-after": "5" },
        );
      }
    },
    close: stop,
  };
}
