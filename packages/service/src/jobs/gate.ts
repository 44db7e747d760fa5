/** Decides which photo the engine's threads look at next: a lookup's before those of imports, and each in order. */
export interface Gate {
  /** Resolves when a thread is free for the photo; the answer gives the thread back. @throws the signal's reason when aborted before */
  enter(options: { lookup: boolean; signal: AbortSignal }): Promise<() => void>;
  /**
   * While true no photo of an import begins. So a thread that becomes free is kept for the lookup that may be waiting
   * in the storage, for as long as a claim takes, instead of being gone for a whole photo.
   */
  hold(imports: boolean): void;
}

interface Waiting {
  go: () => void;
}

export function createGate(threads: number): Gate {
  const lookups = new Set<Waiting>();
  const imports = new Set<Waiting>();
  let free = threads;
  let held = false;

  function next(): void {
    while (free > 0) {
      const [first] = lookups.size > 0 || held ? lookups : imports;
      if (!first) return;
      lookups.delete(first);
      imports.delete(first);
      free--;
      first.go();
    }
  }

  return {
    enter({ lookup, signal }) {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      const { promise, resolve, reject } = Promise.withResolvers<() => void>();
      const queue = lookup ? lookups : imports;
      const abort = () => {
        if (queue.delete(waiting)) reject(signal.reason as Error);
      };
      const waiting: Waiting = {
        go() {
          signal.removeEventListener("abort", abort);
          resolve(() => {
            free++;
            next();
          });
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      queue.add(waiting);
      next();
      return promise;
    },
    hold(yes) {
      held = yes;
      next();
    },
  };
}
