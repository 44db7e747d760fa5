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
  /** Returns what its caller is told. */
  met(error: StorageError, trouble: Trouble): StorageError;
  /** What was met last, unless a passed probe has shown it to be over. */
  last(): StorageError | undefined;
  /** A probe passed. @throws StorageError where calls met a fault too recently to believe it */
  passed(): void;
  stop(): void;
}

/** @param look probes, and tells by `met` or `passed` what it found */
export function createOutages(look: () => Promise<unknown>, logger: Logger | undefined): Outages {
  let last: { error: StorageError; trouble: Trouble; at: number } | undefined;
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
    met(error, trouble) {
      if (last?.trouble !== trouble) logger?.error({ err: error }, "the database cannot be used");
      last = { error, trouble, at: performance.now() };
      watch();
      return error;
    },
    last: () => last?.error,
    passed() {
      if (!last) return;
      if (!SEEN.has(last.trouble) && performance.now() - last.at < RECENT_MS) throw last.error;
      logger?.info("the database can be used again");
      last = undefined;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
