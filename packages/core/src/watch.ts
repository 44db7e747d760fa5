import { isFinalStatus, type JobStatus } from "./contract/jobs/status.ts";
import type { ServerInfo } from "./contract/server.ts";
import type { Deadline } from "./deadline.ts";
import { ApiError, ConnectionError } from "./errors.ts";
import type { Feed, Hub } from "./hub.ts";
import type { JobRef, JobState } from "./types.ts";

/** Asks once for a job's state. `waitS`: hold the answer so long while the job is not done; our servers only. */
export type ReadJob = (job: JobRef | string, signal: AbortSignal, waitS?: number) => Promise<JobState>;

export interface Watching {
  read: ReadJob;
  hub: Hub;
  info: () => Promise<ServerInfo | undefined>;
}

/** First pause between two looks, growth of the next ones, longest; milliseconds. Each varies by a fifth. */
const PAUSE_MS = 300;
const PAUSE_GROWTH = 1.5;
const PAUSE_LIMIT_MS = 5_000;
/** Longest hold of one answer, seconds: below the server's 30 and the idle limit of common proxies. */
export const HOLD_LIMIT_S = 25;
/** First and longest silence of the events after which the job is asked for, milliseconds: a socket can die unheard. */
const SILENCE_MS = 500;
const SILENCE_LIMIT_MS = 30_000;

/** From the present state to the final one, each status once. Every wait in it ends with the deadline. */
export async function* watchJob(
  job: JobRef | string,
  deadline: Deadline,
  watching: Watching,
): AsyncGenerator<JobState, void, undefined> {
  const info = await deadline.race(watching.info());
  const feed = info?.capabilities.includes("events")
    ? watching.hub.join(typeof job === "string" ? job : job.id)
    : undefined;
  try {
    const fresh = createFilter();
    const opened = feed && (await deadline.race(feed.opened));
    const first = await firstLook(job, deadline, watching.read);
    const states = opened ? byEvents(first, feed, deadline, watching.read) : undefined;
    if (fresh(first)) yield first;
    if (first.done) return;
    for await (const state of states ?? []) {
      if (fresh(state)) yield state;
      if (state.done) return;
    }
    for await (const state of byPolling(first, info !== undefined, deadline, watching.read)) {
      if (fresh(state)) yield state;
      if (state.done) return;
    }
  } finally {
    feed?.leave();
  }
}

/** Faults pass here too: the server has answered before, and whoever follows a job may have just been given its id. */
async function firstLook(job: JobRef | string, deadline: Deadline, read: ReadJob): Promise<JobState> {
  for (let pause = PAUSE_MS; ; pause = Math.min(PAUSE_LIMIT_MS, pause * PAUSE_GROWTH)) {
    const state = await patient(() => deadline.race(read(job, deadline.signal)), deadline);
    if (state) return state;
    await deadline.sleep(varied(pause));
  }
}

/** Ends without a final state when the connection drops. */
async function* byEvents(
  ref: JobRef,
  feed: Feed,
  deadline: Deadline,
  read: ReadJob,
): AsyncGenerator<JobState, void, undefined> {
  let silence = SILENCE_MS;
  let next = feed.next();
  for (;;) {
    const heard = await within(silence, next, deadline);
    if (heard === "silence") silence = Math.min(SILENCE_LIMIT_MS, silence * 2);
    else if (heard === undefined) return;
    else next = feed.next();
    if (heard !== "silence" && !isFinalStatus(heard)) {
      yield { id: ref.id, kind: ref.kind, status: heard, done: false };
      continue;
    }
    const state = await patient(() => deadline.race(read(ref, deadline.signal)), deadline);
    if (state) yield state;
  }
}

/** Our servers hold the answer until the job is done, so a look costs nothing; others are asked at growing intervals. */
async function* byPolling(
  ref: JobRef,
  canHold: boolean,
  deadline: Deadline,
  read: ReadJob,
): AsyncGenerator<JobState, void, undefined> {
  let pause = PAUSE_MS;
  for (let looks = 0; ; looks++) {
    const started = performance.now();
    // Short holds first, so that a longer job still shows its Started.
    const hold = canHold ? Math.min(HOLD_LIMIT_S, 2 ** looks) : undefined;
    if (!canHold) await deadline.sleep(varied(pause));
    const state = await patient(() => deadline.race(read(ref, deadline.signal, hold)), deadline);
    if (state) yield state;
    const early = canHold ? varied(pause) - (performance.now() - started) : 0;
    if (early > 0 && !state?.done) await deadline.sleep(early);
    pause = Math.min(PAUSE_LIMIT_MS, pause * PAUSE_GROWTH);
  }
}

/** A passing fault in the middle of a watch is waited out: the deadline ends it, with the fault as its cause. */
async function patient(look: () => Promise<JobState>, deadline: Deadline): Promise<JobState | undefined> {
  try {
    const state = await look();
    deadline.lastFailure = undefined;
    return state;
  } catch (error) {
    deadline.signal.throwIfAborted();
    const passing =
      error instanceof ConnectionError ||
      (error instanceof ApiError && (error.status >= 500 || error.status === 429));
    if (!passing) throw error;
    deadline.lastFailure = error;
    return undefined;
  }
}

async function within(
  ms: number,
  next: Promise<JobStatus | undefined>,
  deadline: Deadline,
): Promise<JobStatus | "silence" | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<"silence">((resolve) => (timer = setTimeout(resolve, ms, "silence")));
  try {
    return await deadline.race(Promise.race([next, silence]));
  } finally {
    clearTimeout(timer);
  }
}

/** Each status once; a retried job that is Sent again does not go back. */
function createFilter(): (state: JobState) => boolean {
  const seen = new Set<string>();
  return ({ status }) => {
    if (seen.has(status) || (status === "Sent" && seen.size > 0)) return false;
    seen.add(status);
    return true;
  };
}

function varied(ms: number): number {
  return ms * (0.8 + Math.random() * 0.4);
}
