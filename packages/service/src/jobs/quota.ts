import type { Limits } from "../limits.ts";
import { HttpProblem } from "../problem.ts";
import type { Storage } from "../storage/types.ts";

/** Bounds the unfinished jobs of an account. */
export interface Quota {
  /** Before a body is read. @throws HttpProblem 429 with `Retry-After`. */
  check(accountId: string): Promise<void>;
  close(): void;
}

interface Unfinished {
  jobs: Set<string>;
  /** While the jobs are being read: those that end, which may be among the ones read still. */
  ending: Set<string> | undefined;
  read: Promise<void>;
}

/** Counts by the storage's events, so that a POST needs no count over the jobs table; read once per account. */
export function createQuota(storage: Storage, limits: Limits): Quota {
  const accounts = new Map<string, Unfinished>();
  const stop = storage.events.listen(({ accountId, jobId, status }) => {
    const known = accounts.get(accountId);
    if (!known) return;
    if (status === "Sent" || status === "Started") known.jobs.add(jobId);
    else {
      known.jobs.delete(jobId);
      known.ending?.add(jobId);
    }
  });

  function begin(accountId: string): Unfinished {
    const ending = new Set<string>();
    const begun: Unfinished = { jobs: new Set(), ending, read: read() };
    accounts.set(accountId, begun);
    return begun;

    async function read(): Promise<void> {
      try {
        const found = await storage.jobs.unfinished(accountId);
        for (const { id } of found) if (!ending.has(id)) begun.jobs.add(id);
        begun.ending = undefined;
      } catch (error) {
        accounts.delete(accountId);
        throw error;
      }
    }
  }

  return {
    async check(accountId) {
      const { jobs, read } = accounts.get(accountId) ?? begin(accountId);
      await read;
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
