import type { Logger } from "pino";

/** So many in a minute are no accident: whatever state is broken, a fresh process has a whole one. */
const TOLERATED = 20;
const WINDOW_MS = 60_000;

/**
 * What nobody caught. Everything acknowledged is in the database before it is answered, and each transaction is whole or not
 * there, so one request's fault is no reason to end everybody's: it is logged as the defect that it is and the process serves
 * on. A process without memory, or in which faults come in showers, is ended for its supervisor to start anew.
 */
export function lastResort(
  logger: Logger,
  exit: (code: number) => void = (code) => process.exit(code),
): void {
  let recent: number[] = [];
  const meet = (error: unknown) => {
    const now = performance.now();
    recent = [...recent.filter((at) => now - at < WINDOW_MS), now];
    const hopeless =
      recent.length > TOLERATED || (error as NodeJS.ErrnoException)?.code === "ERR_WORKER_OUT_OF_MEMORY";
    logger[hopeless ? "fatal" : "error"](
      { err: error },
      hopeless ? "unhandled faults: the process ends" : "an unhandled fault; please report it",
    );
    if (hopeless) exit(1);
  };
  process.on("uncaughtException", meet);
  process.on("unhandledRejection", meet);
}
