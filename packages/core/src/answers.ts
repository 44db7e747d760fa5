import { limited } from "./deadline.ts";
import { type Ended, succeeded, WAIT_MS } from "./jobs.ts";
import { type AnyInput, camel, ownKinds, type StartOwn } from "./starts.ts";
import type { Answers, CallOptions, JobState } from "./types.ts";
import { HOLD_LIMIT_S } from "./watch.ts";

/** Each starts a job and waits for its end. */
export function createAnswers(start: StartOwn, ended: Ended): Answers {
  return Object.fromEntries(
    ownKinds.map((kind) => [
      camel(kind.kind),
      (input: AnyInput, options?: CallOptions): Promise<JobState> =>
        limited(options, WAIT_MS, async (deadline) => {
          const job = await start(kind, input, deadline.signal, HOLD_LIMIT_S);
          return "done" in job && job.done ? succeeded(job) : ended(job, deadline);
        }),
    ]),
  ) as unknown as Answers;
}
