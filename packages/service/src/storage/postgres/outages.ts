import type { Logger } from "pino";
import type { StorageError } from "../types.ts";
import type { Trouble } from "./faults.ts";

/** What a probe sees for itself: once one passes it is over. */
const SEEN: ReadonlySet<Trouble> = new Set(["away", "read-only"]);
/** Of all else a call that met it so recently is believed, not the probe. Milliseconds. */
const RECENT_MS = 5_000;
/** From one look at a database in trouble to the next, ms: where nobody asks `/readyz`, the log still says when it is over. */
const LOOK_MS = 2_000;

/** What the last calls said of the database, for the log (once an outage, not once a call) and for the ping. */
export interface Outages {
  /** Returns what its caller is told. @param at when it was met, by `performance.now()`: a probe that has passed since then is believed */
  met(error: StorageError, trouble: Trouble, at?: number): StorageError;
  /** What was met last, unless a passed probe has shown it to be over. */
  last(): StorageError | undefined;
  /** A probe passed. @throws StorageError where calls met a fault too recently to believe it */
  passed(): void;
  /** When a read-only database was last seen to take changes again, by `performance.now()`. */
  writableSince(): number;
  stop(): void;
}

/** @param look probes, and tells by `met` or `passed` what it found */
export function createOutages(look: () => Promise<unknown>, logger: Logger | undefined): Outages {
  let last: { error: StorageError; trouble: Trouble; at: number } | undefined;
  let passedAt = 0;
  let writableSince = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function watch(): void {
    if (stopped || timer) return;
    timer = setTimeout(() => {
      look()
        .catch(() => {})
        .finally(() => {
          timer = undefined;
          if (last) watch();
        });
    }, LOOK_MS).unref();
  }

  return {
    met(error, trouble, at = performance.now()) {
      if (at < passedAt) return error;
      if (last?.trouble !== trouble) logger?.error({ err: error }, "the database cannot be used");
      last = { error, trouble, at };
      watch();
      return error;
    },
    last: () => last?.error,
    passed() {
      if (!last) return;
      if (!SEEN.has(last.trouble) && performance.now() - last.at < RECENT_MS) throw last.error;
      logger?.info("the database can be used again");
      passedAt = performance.now();
      if (last.trouble === "read-only") writableSince = passedAt;
      last = undefined;
    },
    writableSince: () => writableSince,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
