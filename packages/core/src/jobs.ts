import { Job, JobList, JobRetried, documentedKinds, kindOfJob } from "./contract/jobs/index.ts";
import { type Deadline, limited } from "./deadline.ts";
import { ApiError, JobFailedError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import { iterate } from "./iterate.ts";
import { query } from "./query.ts";
import type { Server } from "./server.ts";
import { createStarts, type StartOwn } from "./starts.ts";
import { fromDocumented, fromJob, isUnknown } from "./state.ts";
import type { Transport } from "./transport.ts";
import type { JobRef, JobState, Jobs } from "./types.ts";
import { type ReadJob, watchJob } from "./watch.ts";

/** A job is waited for so long unless the call says otherwise, milliseconds. */
export const WAIT_MS = 120_000;

/** Follows a job to its end. When time runs out, the last fault on the way is told as the cause. @throws JobFailedError */
export type Ended = (job: JobRef | string, deadline: Deadline) => Promise<JobState>;

export function createJobs(
  transport: Transport,
  server: Server,
  hub: Hub,
  start: StartOwn,
): { jobs: Jobs; ended: Ended } {
  const askDocumented = async (ref: JobRef, signal: AbortSignal): Promise<JobState | undefined> => {
    const { documented } = kindOfJob(ref.kind);
    if (!documented) return undefined;
    const { path, answer } = documented;
    try {
      const state = fromDocumented(
        ref,
        await transport.json(answer, { method: "GET", path: path + query({ job_id: ref.id }) }, signal),
      );
      return isUnknown(state.status) ? undefined : state;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  };

  const read: ReadJob = async (job, signal, waitS) => {
    const ref = toRef(job);
    const info = await server.info();
    if (info) {
      const path = `${pathOf(ref.id)}${query({ wait: waitS })}`;
      return fromJob(await transport.json(Job, { method: "GET", path }, signal), info.thresholds.listed);
    }
    // Each documented route knows its own kinds only.
    for (const kind of ref.kind ? [ref.kind] : documentedKinds) {
      const state = await askDocumented({ id: ref.id, kind }, signal);
      if (state) return state;
    }
    throw new ApiError(404, {
      statusCode: 404,
      error: "Not Found",
      message: `There is no job ${ref.id} in this account.`,
    });
  };

  const watch = (job: JobRef | string, deadline: Deadline): AsyncGenerator<JobState, void, undefined> =>
    watchJob(job, deadline, { read, hub, info: server.info });

  const ended: Ended = async (job, deadline) => {
    let last: JobState | undefined;
    for await (const state of watch(job, deadline)) last = state;
    return succeeded(last as JobState);
  };

  const jobs: Jobs = {
    ...createStarts(transport, start),

    get: (job, options) => transport.call(options, ({ signal }) => read(job, signal)),

    watch: (job, options) => iterate(options, WAIT_MS, (deadline) => watch(job, deadline)),

    wait: (job, options) => limited(options, WAIT_MS, (deadline) => ended(job, deadline)),

    list: (options = {}) =>
      transport.call(options, async ({ signal }) => {
        await server.need("Listing jobs");
        const { limit, cursor, status, kind, dead, ids } = options;
        const path = `/v1/jobs${query({ limit, cursor, status, kind, dead: dead && "true", ids: ids?.join(",") })}`;
        const page = await transport.json(JobList, { method: "GET", path }, signal);
        return { items: page.jobs, ...(page.next_cursor && { nextCursor: page.next_cursor }) };
      }),

    cancel: (job, options) =>
      transport.call(options, async ({ signal }) => {
        const { thresholds } = await server.need("Cancelling a job", "cancel");
        const answer = await transport.json(Job, { method: "DELETE", path: pathOf(toRef(job).id) }, signal);
        return fromJob(answer, thresholds.listed);
      }),

    retry: (job, options) =>
      transport.call(options, async ({ signal }) => {
        await server.need("Retrying a job", "retry");
        const path = `${pathOf(toRef(job).id)}/retry`;
        const { job_id, kind } = await transport.json(JobRetried, { method: "POST", path }, signal);
        return { id: job_id, kind };
      }),
  };
  return { jobs, ended };
}

/** A job that is done. @throws JobFailedError */
export function succeeded(job: JobState): JobState {
  if (job?.status !== "Succeeded") throw new JobFailedError(job);
  return job;
}

const pathOf = (id: string): string => `/v1/jobs/${encodeURIComponent(id)}`;

/** @throws TypeError without an id */
function toRef(job: JobRef | string): { id: string; kind?: JobRef["kind"] } {
  const ref = typeof job === "string" ? { id: job } : job;
  if (!ref?.id) throw new TypeError("A job must be named by its id, or by what a starting call returned.");
  return ref;
}
