import type { Limits } from "../limits.ts";
import { createPlaces } from "../places.ts";

/** Bounds the open streams of an account, and ends all streams when the server goes. */
export interface OpenStreams {
  /** The release; undefined when the account has too many. */
  open(accountId: string): (() => void) | undefined;
  /** Calls back when the server goes, at once when it is going already: a stream may begin just then. Returns the unsubscribe. */
  onGoing(end: () => void): () => void;
  close(): void;
}

export function createOpenStreams(limits: Limits): OpenStreams {
  const places = createPlaces(limits.streams);
  const ends = new Set<() => void>();
  let going = false;
  return {
    open: (accountId) => places.take(accountId),
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
