import type { Limits } from "../limits.ts";

/** Bounds the open streams of an account, and ends all streams when the server goes. */
export interface Streams {
  /** The release; undefined when the account has too many. */
  open(accountId: string): (() => void) | undefined;
  /** Calls back when the server goes, at once when it is going already: a stream may begin just then. Returns the unsubscribe. */
  onGoing(end: () => void): () => void;
  close(): void;
}

export function createStreams(limits: Limits): Streams {
  const counts = new Map<string, number>();
  const ends = new Set<() => void>();
  let going = false;
  return {
    open(accountId) {
      const count = counts.get(accountId) ?? 0;
      if (count >= limits.streams) return undefined;
      counts.set(accountId, count + 1);
      let released = false;
      return () => {
        if (released) return;
        released = true;
        const left = counts.get(accountId)! - 1;
        if (left > 0) counts.set(accountId, left);
        else counts.delete(accountId);
      };
    },
    onGoing(end) {
      if (going) end();
      else ends.add(end);
      return () => void ends.delete(end);
    },
    close() {
      going = true;
      for (const end of ends) end();
      ends.clear();
    },
  };
}
