import { MAX_WAIT_S } from "../limits.ts";
import { HttpProblem } from "./problem.ts";
import type { JobRecord } from "../storage/types.ts";
import type { Call } from "./call.ts";

const ended = (job: JobRecord): boolean => job.status === "Succeeded" || job.status === "Failed";

/** The job, after `?wait=` seconds at most, or as soon as it has ended. Wakes on the job's event; nothing polls. */
export async function jobAfterWait(call: Call, jobId: string): Promise<JobRecord | undefined> {
  const { deps, accountId, request, query } = call;
  const text = query.get("wait") || "0";
  const seconds = Math.min(Number(text), MAX_WAIT_S);
  if (!(seconds >= 0)) throw new HttpProblem(400, `wait must be a number of seconds, 0 to ${MAX_WAIT_S}`);
  const read = () => deps.storage.jobs.get(accountId, jobId);
  if (seconds === 0) return read();

  const { promise, resolve } = Promise.withResolvers<void>();
  // Listening comes before the first look: a change between the two is not missed.
  const stopListening = deps.hub.on(accountId, (event) => {
    if (event.jobId === jobId && (event.status === "Succeeded" || event.status === "Failed")) resolve();
  });
  const stopTimer = deps.clock.after(seconds * 1000, resolve);
  // Not AbortSignal.any: a signal of several that has a listener is never let go while one of them may abort.
  const over = [request.signal, deps.closing];
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
}
