/** Values pushed from outside, taken one by one; `end` lets what is left be taken first. */
export interface Queue<T> extends AsyncIterableIterator<T, undefined> {
  push(value: T): void;
  end(error?: Error): void;
}

export function createQueue<T>(onReturn?: () => void): Queue<T> {
  const values: T[] = [];
  let ended: { error: Error | undefined } | undefined;
  let wake: (() => void) | undefined;

  return {
    push(value) {
      if (ended) return;
      values.push(value);
      wake?.();
    },
    end(error) {
      ended ??= { error };
      wake?.();
    },
    async next() {
      while (values.length === 0) {
        if (ended?.error) throw ended.error;
        if (ended) return { done: true, value: undefined };
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return { done: false, value: values.shift() as T };
    },
    async return() {
      values.length = 0;
      ended ??= { error: undefined };
      wake?.();
      onReturn?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
