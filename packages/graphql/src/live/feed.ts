import { GraphQLError } from "graphql";

/** What one subscriber has not taken yet, bounded: a slow one is ended with an error instead of growing. */
export interface Feed<T> extends AsyncIterableIterator<T, undefined> {
  push(value: T): void;
  /** What is left is taken first; then the feed is over, with the error if there is one. */
  end(error?: unknown): void;
}

/** Changes are a few hundred bytes; a browser that is this many behind is gone or hopeless. */
export const FEED_MAX = 1_000;

export function createFeed<T>(onEnd: () => void = () => {}): Feed<T> {
  const values: T[] = [];
  let over: { error: unknown } | undefined;
  let wake: (() => void) | undefined;

  const end = (error?: unknown): void => {
    if (over) return;
    over = { error };
    onEnd();
    wake?.();
  };

  return {
    push(value) {
      if (over) return;
      if (values.length >= FEED_MAX) {
        values.length = 0;
        end(
          new GraphQLError("You read too slowly: subscribe again, and resume with `after`.", {
            extensions: { code: "TOO_SLOW" },
          }),
        );
        return;
      }
      values.push(value);
      wake?.();
    },
    end,
    async next() {
      while (values.length === 0) {
        if (over?.error) throw over.error;
        if (over) return { done: true, value: undefined };
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return { done: false, value: values.shift() as T };
    },
    async return() {
      values.length = 0;
      end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
