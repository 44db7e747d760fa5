import { setImmediate } from "node:timers/promises";

let last: Promise<unknown> = Promise.resolve();

/**
 * Resolves when other work has had a turn of the event loop. Of all long work in the process one step is done in a turn,
 * first come, first served: twenty long reads at once keep nobody waiting for longer than one does.
 */
export function nextTurn(): Promise<void> {
  const turn = last.then(() => setImmediate());
  last = turn;
  return turn;
}

/** Repeats a step of long work for as long as it says that there may be more, and its caller wants it. */
export async function inSteps(step: () => boolean | Promise<boolean>, signal?: AbortSignal): Promise<void> {
  for (;;) {
    if (signal?.aborted || !(await step())) return;
    await nextTurn();
  }
}
