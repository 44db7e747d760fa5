import type { JobEvent } from "@prosopon/core/contract";
import type { Storage } from "../storage/types.ts";
import { nextTurn } from "../turns.ts";
import type { Hub } from "./hub.ts";

/** The events after a cursor have been swept, or never were. */
export class CursorTooOldError extends Error {
  override readonly name = "CursorTooOldError";
}

/** The changes of an account's jobs, as the storage has them. */
export interface JobEvents {
  /** Whether every event after the cursor can still be told. One beyond the newest is from before a restore: it cannot. */
  isKept(accountId: string, cursor: number): Promise<boolean>;
  /**
   * Every change after `cursor`; without one, the state of the unfinished jobs and every change from now on.
   * @throws CursorTooOldError
   */
  follow(
    accountId: string,
    cursor: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<JobEvent, void, undefined>;
}

/** Events read at once. */
const BATCH = 256;

/** Undefined when the text is no cursor. */
export function parseCursor(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export function createJobEvents(storage: Storage, hub: Hub): JobEvents {
  async function isKept(accountId: string, cursor: number): Promise<boolean> {
    const { complete } = await storage.events.since(accountId, cursor, 1);
    return complete && cursor <= (await storage.events.head(accountId));
  }

  /** Reads the stored events when woken, so that a slow reader holds nothing in memory and nothing is missed or told twice. */
  async function* follow(
    accountId: string,
    cursor: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<JobEvent, void, undefined> {
    let woken = false;
    let wake = (): void => {};
    const onWake = () => {
      woken = true;
      wake();
    };
    const stopListening = hub.on(accountId, onWake);
    signal.addEventListener("abort", onWake);
    try {
      if (cursor !== undefined && !(await isKept(accountId, cursor))) throw new CursorTooOldError();
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

  return { isKept, follow };
}

const message = (jobId: string, status: JobEvent["status"], seq: number): JobEvent => ({
  job_id: jobId,
  taskId: jobId,
  status,
  cursor: String(seq),
});
