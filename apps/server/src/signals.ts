import { constants } from "node:os";

/** One Ctrl-C comes twice under npm, pnpm and npx: from the terminal, and passed on by them. */
const SAME_PRESS_MS = 500;

/** Aborts at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let first = 0;
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      if (!stop.signal.aborted) {
        first = performance.now();
        stop.abort();
      } else if (performance.now() - first > SAME_PRESS_MS) {
        // 128 + number is how shells tell a death by signal.
        process.exit(128 + constants.signals[name]);
      }
    });
  }
  return stop.signal;
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
