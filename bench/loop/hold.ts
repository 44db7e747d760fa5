export interface Held {
  /** The longest that the event loop was held while the work went on, ms. */
  longest: number;
  /** The most that one turn of it computed, ms: where it is far less, other processes or the disk had the rest. */
  computed: number;
  /** From its beginning to its end, ms. */
  took: number;
}

/** Looks at the clock in every turn of the event loop. */
export async function hold(work: () => Promise<unknown>): Promise<Held> {
  let [longest, computed] = [0, 0];
  let [last, lastUsed] = [performance.now(), used()];
  const look = (): void => {
    const [now, nowUsed] = [performance.now(), used()];
    longest = Math.max(longest, now - last);
    computed = Math.max(computed, nowUsed - lastUsed);
    [last, lastUsed] = [now, nowUsed];
    ticking = setImmediate(look);
  };
  let ticking = setImmediate(look);
  const begun = performance.now();
  await work();
  // The turn in which it ended counts too.
  await new Promise((resolve) => setImmediate(resolve));
  clearImmediate(ticking);
  return { longest, computed, took: performance.now() - begun };
}

/** Of this thread, ms. */
function used(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
