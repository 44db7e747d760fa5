import type { Storage, StoredEvent } from "../storage/types.ts";

/** Hands the storage's one stream of changes to whoever waits for an account's. */
export interface Hub {
  on(accountId: string, listener: (event: StoredEvent) => void): () => void;
  close(): void;
}

export function createHub(storage: Pick<Storage, "events">): Hub {
  const listeners = new Map<string, Set<(event: StoredEvent) => void>>();
  const stop = storage.events.listen((event) => {
    for (const listener of listeners.get(event.accountId) ?? []) listener(event);
  });

  return {
    on(accountId, listener) {
      const all = listeners.get(accountId) ?? new Set();
      listeners.set(accountId, all.add(listener));
      return () => {
        if (all.delete(listener) && all.size === 0 && listeners.get(accountId) === all)
          listeners.delete(accountId);
      };
    },
    close() {
      stop();
      listeners.clear();
    },
  };
}
