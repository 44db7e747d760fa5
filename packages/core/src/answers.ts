import { limited } from "./deadline.ts";
import { succeeded, WAIT_MS } from "./jobs.ts";
import { type AnyInput, camel, ownKinds, type StartOwn } from "./starts.ts";
import type { Answers, CallOptions, Jobs, JobState } from "./types.ts";
import { HOLD_LIMIT_S } from "./watch.ts";

/** Each starts a job and waits for its end. */
export function createAnswers(start: StartOwn, jobs: Jobs): Answers {
  return Object.fromEntries(
    ownKinds.map((kind) => [
      camel(kind.kind),
      (input: AnyInput, options?: CallOptions): Promise<JobState> =>
        limited(options, WAIT_MS, async ({ signal }) => {
          const job = await start(kind, input, signal, HOLD_LIMIT_S);
          // The limit of the whole call is the only one.
          return "done" in job && job.done ? succeeded(job) : jobs.wait(job, { signal, timeoutMs: Infinity });
        }),
    ]),
  ) as unknown as Answers;
}
