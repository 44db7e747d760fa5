import { TimeoutError } from "./errors.ts";
import type { CallOptions } from "./types.ts";

/** Longest a timer can run, milliseconds (2^31 - 1); more than that, 24 days, counts as no limit. */
const MAX_TIMER_MS = 2_147_483_647;

/** The caller's signal and a time limit as one. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** What to tell as the cause if time runs out, e.g. the last failure of a poll. */
  lastFailure?: unknown;
  /** Settles with the work, or at once when the deadline fires, whatever the work does (a custom `fetch` may not know signals). */
  race<T>(work: Promise<T>): Promise<T>;
  sleep(ms: number): Promise<void>;
  /** Stops the clock, lets the caller's signal go and aborts what is still under way. */
  close(): void;
}

export function openDeadline(options: CallOptions | undefined, defaultMs: number): Deadline {
  const timeoutMs = options?.timeoutMs ?? defaultMs;
  if (!(timeoutMs >= 0))
    throw new RangeError(`timeoutMs must be a number of milliseconds >= 0, not ${timeoutMs}.`);
  const outer = options?.signal;
  const controller = new AbortController();
  const { signal } = controller;
  const onOuterAbort = (): void => controller.abort(outer?.reason);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const deadline: Deadline = {
    signal,
    race(work) {
      let onAbort: () => void;
      const aborted = new Promise<never>((_, reject) => {
        onAbort = () => reject(signal.reason);
        if (signal.aborted) onAbort();
        else signal.addEventListener("abort", onAbort);
      });
      return Promise.race([work, aborted]).finally(() => signal.removeEventListener("abort", onAbort));
    },
    sleep(ms) {
      let pause: ReturnType<typeof setTimeout>;
      const slept = new Promise<void>((resolve) => (pause = setTimeout(resolve, ms)));
      return deadline.race(slept).finally(() => clearTimeout(pause));
    },
    close() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", onOuterAbort);
      controller.abort();
    },
  };

  if (outer?.aborted) onOuterAbort();
  else {
    outer?.addEventListener("abort", onOuterAbort, { once: true });
    if (timeoutMs <= MAX_TIMER_MS) {
      timer = setTimeout(
        () => controller.abort(new TimeoutError(timeoutMs, { cause: deadline.lastFailure })),
        timeoutMs,
      );
    }
  }
  return deadline;
}

/** Runs one call under its deadline. */
export async function limited<T>(
  options: CallOptions | undefined,
  defaultMs: number,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const deadline = openDeadline(options, defaultMs);
  try {
    deadline.signal.throwIfAborted();
    return await deadline.race(work(deadline));
  } finally {
    deadline.close();
  }
}
