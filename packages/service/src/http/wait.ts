import type { Clock } from "../clock.ts";
import type { Hub } from "../events/hub.ts";
import { MAX_WAIT_S } from "../limits.ts";
import type { JobRecord, Storage } from "../storage/types.ts";
import type { Call } from "./call.ts";
import { HttpProblem } from "./problem.ts";

/** The job, after `?wait=` seconds at most, or as soon as it has ended. Undefined when the account has none of that id. */
export type JobAfterWait = (call: Call, jobId: string) => Promise<JobRecord | undefined>;

/** What is waited with: on the job's event, so that nothing polls. */
export interface WaitTools {
  storage: Storage;
  hub: Hub;
  clock: Clock;
  /** Aborted when the service closes: nobody waits on. */
  closing: AbortSignal;
}

const ended = (job: JobRecord): boolean => job.status === "Succeeded" || job.status === "Failed";

export function createJobAfterWait({ storage, hub, clock, closing }: WaitTools): JobAfterWait {
  return async ({ accountId, request, query }, jobId) => {
    const text = query.get("wait") || "0";
    const seconds = Math.min(Number(text), MAX_WAIT_S);
    if (!(seconds >= 0)) throw new HttpProblem(400, `wait must be a number of seconds, 0 to ${MAX_WAIT_S}`);
    const read = () => storage.jobs.get(accountId, jobId);
    if (seconds === 0) return read();

    const { promise, resolve } = Promise.withResolvers<void>();
    // Listening comes before the first look: a change between the two is not missed.
    const stopListening = hub.on(accountId, (event) => {
      if (event.jobId === jobId && (event.status === "Succeeded" || event.status === "Failed")) resolve();
    });
    const stopTimer = clock.after(seconds * 1000, resolve);
    // Not AbortSignal.any: a signal of several that has a listener is never let go while one of them may abort.
    const over = [request.signal, closing];
    const stop = () => resolve();
    for (const signal of over) signal.addEventListener("abort", stop);
    try {
      const job = await read();
      if (!job || ended(job) || over.some(({ aborted }) => aborted)) return job;
      await promise;
      return await read();
    } finally {
      stopListening();
      stopTimer();
      for (const signal of over) signal.removeEventListener("abort", stop);
    }
  };
}
