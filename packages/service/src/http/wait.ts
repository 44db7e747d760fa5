import type { Clock } from "../clock.ts";
import type { Hub } from "../events/hub.ts";
import { MAX_WAIT_S } from "../limits.ts";
import type { JobRecord, Storage } from "../storage/types.ts";
import type { Call } from "./call.ts";
import { HttpProblem } from "./problem.ts";

/** How long a caller waits. */
export interface Patience {
  /** Aborted once `?wait=` is over, the caller has gone or the service closes. */
  readonly signal: AbortSignal;
  end(): void;
}

export type BeginPatience = (call: Call, seconds: number) => Patience;

/** The job, once it has ended or the patience is over. Undefined when the account has none of that id. */
export type JobAfter = (
  accountId: string,
  jobId: string,
  patience: Patience,
) => Promise<JobRecord | undefined>;

/** The job, after `?wait=` seconds at most, or as soon as it has ended. Undefined when the account has none of that id. */
export type JobAfterWait = (call: Call, jobId: string) => Promise<JobRecord | undefined>;

export const ended = ({ status }: Pick<JobRecord, "status">): boolean =>
  status === "Succeeded" || status === "Failed";

/** `?wait=`, more than the longest as that; undefined without it. @throws HttpProblem 400 */
export function waitSeconds(query: URLSearchParams): number | undefined {
  const text = query.get("wait");
  if (text === null) return undefined;
  const seconds = Math.min(Number(text), MAX_WAIT_S);
  if (!(seconds >= 0)) throw new HttpProblem(400, `wait must be a number of seconds, 0 to ${MAX_WAIT_S}`);
  return seconds;
}

/** @param closing aborted when the service closes: nobody waits on */
export function createPatience(clock: Clock, closing: AbortSignal): BeginPatience {
  return ({ request }, seconds) => {
    const over = new AbortController();
    const stop = () => over.abort();
    const stopTimer = clock.after(seconds * 1000, stop);
    // Not AbortSignal.any: a signal of several that has a listener is never let go while one of them may abort.
    const signals = [request.signal, closing];
    for (const signal of signals) signal.addEventListener("abort", stop);
    if (signals.some(({ aborted }) => aborted)) stop();
    return {
      signal: over.signal,
      end() {
        stopTimer();
        for (const signal of signals) signal.removeEventListener("abort", stop);
      },
    };
  };
}

/** Waits for the job's event, so that nothing polls. */
export function createJobAfter({ storage, hub }: { storage: Storage; hub: Hub }): JobAfter {
  return async (accountId, jobId, { signal }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    // Listening comes before the first look: a change between the two is not missed.
    const stopListening = hub.on(accountId, (event) => {
      if (event.jobId === jobId && ended(event)) resolve();
    });
    const stop = () => resolve();
    signal.addEventListener("abort", stop);
    try {
      const job = await storage.jobs.get(accountId, jobId);
      if (!job || ended(job) || signal.aborted) return job;
      await promise;
      return await storage.jobs.get(accountId, jobId);
    } finally {
      stopListening();
      signal.removeEventListener("abort", stop);
    }
  };
}

export function createJobAfterWait(
  storage: Storage,
  beginPatience: BeginPatience,
  jobAfter: JobAfter,
): JobAfterWait {
  return async (call, jobId) => {
    const seconds = waitSeconds(call.query) ?? 0;
    if (seconds === 0) return storage.jobs.get(call.accountId, jobId);
    const patience = beginPatience(call, seconds);
    try {
      return await jobAfter(call.accountId, jobId, patience);
    } finally {
      patience.end();
    }
  };
}
