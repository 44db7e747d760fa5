import type { JobEvent } from "@prosopon/core/contract";
import type { Deps } from "../deps.ts";
import { nextTurn } from "../turns.ts";

/** The events after a cursor have been swept, or never were. */
export class CursorTooOldError extends Error {
  override readonly name = "CursorTooOldError";
}

/** Events read at once. */
const BATCH = 256;

/** Undefined when the text is no cursor. */
export function parseCursor(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Whether every event after the cursor can still be told. One beyond the newest is from before a restore: it cannot. */
export async function cursorIsKept({ storage }: Deps, accountId: string, cursor: number): Promise<boolean> {
  const { complete } = await storage.events.since(accountId, cursor, 1);
  return complete && cursor <= (await storage.events.head(accountId));
}

/**
 * Every change of an account's jobs after `cursor`; without one, the state of its unfinished jobs and every change from now on.
 * Reads the stored events when woken, so that a slow reader holds nothing in memory and nothing is missed or told twice.
 * @throws CursorTooOldError
 */
export async function* jobEvents(
  deps: Deps,
  accountId: string,
  cursor: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<JobEvent> {
  const { storage, hub } = deps;
  let woken = false;
  let wake = (): void => {};
  const onWake = () => {
    woken = true;
    wake();
  };
  const stopListening = hub.on(accountId, onWake);
  signal.addEventListener("abort", onWake);
  try {
    if (cursor !== undefined && !(await cursorIsKept(deps, accountId, cursor))) throw new CursorTooOldError();
    let seq = cursor ?? (await storage.events.head(accountId));
    if (cursor === undefined) {
      for (const [index, job] of (await storage.jobs.unfinished(accountId)).entries()) {
        if (index > 0 && index % BATCH === 0) await nextTurn();
        yield message(job.id, job.status, seq);
      }
    }
    while (!signal.aborted) {
      woken = false;
      const { events, complete } = await storage.events.since(accountId, seq, BATCH);
      if (!complete) throw new CursorTooOldError();
      for (const event of events) {
        yield message(event.jobId, event.status, event.seq);
        seq = event.seq;
      }
      // A reader that was away for long is told all at once, of which others must not notice.
      if (events.length === BATCH) await nextTurn();
      if (events.length === 0 && !woken && !signal.aborted)
        await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stopListening();
    signal.removeEventListener("abort", onWake);
  }
}

const message = (jobId: string, status: JobEvent["status"], seq: number): JobEvent => ({
  job_id: jobId,
  taskId: jobId,
  status,
  cursor: String(seq),
});
