import type { Logger } from "pino";
import { systemClock, type Clock } from "./clock.ts";
import type { Storage } from "./storage/types.ts";

/** Oscillators drift by less than 0.1 ms a second, so by 6 ms in between. */
const MEASURE_MS = 60_000;
/** Tries at the start: the first one also opens the connection and is the least exact. */
const FIRST_TRIES = 3;
/** Worth a line in the log: tokens, logs and certificates of a machine that is so far off are off too. */
const NOTABLE_MS = 1_000;

export interface DatabaseClock extends Clock {
  /** Measures again, as it does by itself every minute. */
  measure(): Promise<void>;
  close(): void;
}

/**
 * The database's clock, so that one clock rules leases, back-offs and expiries of all nodes, however wrong their own are.
 * Between measurements it runs on the machine's steady counter: setting the machine's clock does not touch it.
 */
export async function openDatabaseClock(
  storage: Pick<Storage, "ping">,
  { logger, steady = () => performance.now() }: { logger?: Logger; steady?: () => number } = {},
): Promise<DatabaseClock> {
  let offset = Number.NaN;

  async function measure(): Promise<void> {
    const sent = steady();
    const told = await storage.ping();
    const received = steady();
    // The database looked at its clock somewhere in between. What agrees with that is left alone: an answer that was
    // slow on one way only says less, not something else.
    if (offset >= told - received && offset <= told - sent) return;
    offset = told - (sent + received) / 2;
  }

  for (let tries = 0; tries < FIRST_TRIES; tries++) await measure();
  const skew = Math.round(Date.now() - (steady() + offset));
  if (Math.abs(skew) > NOTABLE_MS)
    logger?.warn({ ms: skew }, "this machine's clock is not the database's, which is followed");

  const timer = setInterval(() => {
    // The database is away: the last measurement holds until it is back.
    measure().catch(() => {});
  }, MEASURE_MS).unref();

  return {
    now: () => Math.round(steady() + offset),
    after: systemClock.after,
    measure,
    close: () => clearInterval(timer),
  };
}
