/** First and longest time between two looks, milliseconds. */
const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * Looks at what is followed although no event came, soon after something new is followed and then ever more rarely: an
 * upstream stream may not have been open yet when the job ended, and a dead connection can stay unheard for long.
 */
export function createLookout(look: () => Promise<void>): { soon(): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = FIRST_MS;
  let looking = false;

  const run = async (): Promise<void> => {
    looking = true;
    // A failed look says nothing new: the stream itself reports what is wrong.
    await look().catch(() => undefined);
    looking = false;
    pause = Math.min(LONGEST_MS, pause * 2);
    if (timer !== undefined) plan();
  };

  const plan = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void run(), pause);
  };

  return {
    soon() {
      if (timer !== undefined && pause === FIRST_MS) return;
      pause = FIRST_MS;
      if (!looking) plan();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
