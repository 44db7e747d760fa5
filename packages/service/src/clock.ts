/** Time, so that tests can turn it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `ms`; returns the cancel. */
  after(ms: number, callback: () => void): () => void;
}

/** How fast the clock runs while the machine's is behind it: after a step of two hours they meet within a day. */
const SLOWED = 0.9;

/**
 * The machine's clock, except that it never goes back. Set forward, it follows at once, as after a suspension; set back, it
 * goes on from where it was, a tenth slower, until the two agree again. So nothing that was due lies in the future again,
 * and no term grows by more than a ninth.
 */
export function createSteadyClock(wall = Date.now, steady = () => performance.now()): Clock {
  let time = wall();
  let counter = steady();
  return {
    now() {
      const elapsed = steady() - counter;
      counter += elapsed;
      time = Math.max(wall(), time + elapsed * SLOWED);
      return Math.floor(time);
    },
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  };
}

export const systemClock: Clock = createSteadyClock();
