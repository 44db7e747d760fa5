import { type Deadline, openDeadline } from "./deadline.ts";
import type { CallOptions } from "./types.ts";

/**
 * An async generator whose `return()` takes effect at once. A bare generator queues it behind the pending `next()`,
 * so a consumer that leaves while waiting (graphql-ws does) would hold the socket or the poll until the next change.
 * Nothing starts before the first `next()`.
 */
export function iterate<T>(
  options: CallOptions | undefined,
  defaultMs: number,
  body: (deadline: Deadline) => AsyncGenerator<T, void, undefined>,
): AsyncIterableIterator<T> {
  let deadline: Deadline | undefined;
  let generator: AsyncGenerator<T, void, undefined> | undefined;
  let over = false;

  const end = async (): Promise<void> => {
    over = true;
    deadline?.close();
    await generator?.return().catch(() => undefined);
  };

  return {
    async next() {
      if (over) return { done: true, value: undefined };
      try {
        deadline ??= openDeadline(options, defaultMs);
        deadline.signal.throwIfAborted();
        generator ??= body(deadline);
        const step = await generator.next();
        if (step.done) await end();
        return over ? { done: true, value: undefined } : step;
      } catch (error) {
        if (over) return { done: true, value: undefined };
        await end();
        throw error;
      }
    },
    async return() {
      await end();
      return { done: true, value: undefined };
    },
    async throw(error) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
