/**
 * A generator that waits for an event would only hear of `return()` after the next one came: this tells it by a signal,
 * on which every wait inside must end. The signal also tells when it ends by itself: nobody calls `return()` then.
 */
export function untilReturned<T>(
  make: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncIterableIterator<T> {
  const controller = new AbortController();
  const generator = (async function* () {
    try {
      yield* make(controller.signal);
    } finally {
      controller.abort();
    }
  })();
  return {
    next: () => generator.next(),
    async return() {
      controller.abort();
      await generator.return();
      return { done: true, value: undefined };
    },
    async throw(error) {
      controller.abort();
      return generator.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
