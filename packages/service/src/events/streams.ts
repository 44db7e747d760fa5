import type { Limits } from "../limits.ts";

/** Bounds the open streams of an account, and ends them all when the server goes. */
export interface Streams {
  /** The release; undefined when there are too many. */
  open(accountId: string, goAway: () => void): (() => void) | undefined;
  close(): void;
}

export function createStreams(limits: Limits): Streams {
  const open = new Map<string, Set<() => void>>();
  return {
    open(accountId, goAway) {
      const all = open.get(accountId) ?? new Set();
      if (all.size >= limits.streams) return undefined;
      open.set(accountId, all.add(goAway));
      return () => {
        if (all.delete(goAway) && all.size === 0) open.delete(accountId);
      };
    },
    close() {
      for (const all of open.values()) for (const goAway of all) goAway();
      open.clear();
    },
  };
}
