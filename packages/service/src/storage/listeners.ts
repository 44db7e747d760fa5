export function subscribe<T>(listeners: Set<(value: T) => void>, listener: (value: T) => void): () => void {
  // A function of its own: the same listener may subscribe twice.
  const own = (value: T) => listener(value);
  listeners.add(own);
  return () => void listeners.delete(own);
}

/** What was committed stays committed: a listener that throws is reported and the others are still called. */
export function tell<T>(listeners: Set<(value: T) => void>, value: T): void {
  for (const listener of listeners) {
    try {
      listener(value);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }
}
