import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { isAway } from "../errors/outages.ts";
import type { JobInHand, JobPayload, JobRecord, LookupOutcome, Storage } from "../storage/types.ts";
import { aborted } from "./aborted.ts";
import { permanentReason } from "./fault.ts";
import { kinds } from "./kinds/index.ts";
import type { Place, Worker } from "./worker.ts";

/** A lookup that its caller waits for. */
export interface AskedLookup {
  id: string;
  accountId: string;
  payload: JobPayload;
  createdAt: number;
}

/**
 * Does a lookup at once and writes it when it is over, in one commit. Undefined, with nothing written, where it is to be queued
 * like others: it is not its turn, a passing fault met it, or the signal was aborted.
 * @throws StorageError `away`
 */
export type LookUp = (asked: AskedLookup, signal: AbortSignal) => Promise<JobRecord | undefined>;

/** What lookups are done with, and written to. */
export interface LookUpTools {
  storage: Storage;
  worker: Pick<Worker, "takeBeside">;
  clock: Clock;
  logger: Logger;
}

export function createLookUp({ storage, worker, clock, logger }: LookUpTools): LookUp {
  return async (asked, signal) => {
    const { id, accountId, payload } = asked;
    const turn = await storage.jobs.turn(accountId, payload.kind);
    const job: JobInHand = {
      ...asked,
      kind: payload.kind,
      status: "Started",
      attempts: 1,
      startedAt: clock.now(),
      turn,
      deaths: 0,
    };
    const place = await worker.takeBeside(job, signal);
    if (!place) return undefined;
    try {
      const outcome = await outcomeOf(job, place, signal);
      if (signal.aborted) return undefined;
      const startedAt = job.startedAt!;
      const written = await storage.jobs.record({ ...asked, startedAt, outcome, now: clock.now() });
      logger.info(
        { job: id, kind: job.kind, status: written.status, attempts: 1, ms: clock.now() - startedAt },
        "job ended",
      );
      return written;
    } catch (error) {
      // What is away says so itself, once.
      if (!signal.aborted && !isAway(error))
        logger.error({ err: error, job: id, kind: job.kind, attempts: 1 }, "a try of a job failed");
      return undefined;
    } finally {
      place.letGo();
    }
  };

  /** @throws what may pass, and the signal's reason */
  async function outcomeOf(job: JobInHand, { tools }: Place, signal: AbortSignal): Promise<LookupOutcome> {
    try {
      const outcome = await Promise.race([
        kinds[job.kind].run(tools, job, job.payload, signal),
        aborted(signal),
      ]);
      if (outcome.type !== "answered") throw new TypeError(`A job of the kind ${job.kind} is not a lookup.`);
      return outcome;
    } catch (error) {
      const reason = permanentReason(error);
      if (reason === undefined) throw error;
      return { type: "failed", error: reason };
    }
  }
}
