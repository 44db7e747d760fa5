import { setImmediate } from "node:timers/promises";

interface InWork {
  id: number;
  priority: number;
  abort: AbortController;
}

/** The images of one thread: between two stages each waits for those that go before it. */
export interface Turns {
  enter(id: number, priority: number): Turn;
  abort(id: number): void;
}

export interface Turn {
  signal: AbortSignal;
  /** Resolves when no image of the thread goes before this one. @throws the signal's reason when aborted */
  wait(): Promise<void>;
  leave(): void;
}

export function createTurns(): Turns {
  const inWork = new Map<number, InWork>();
  let changed = Promise.withResolvers<void>();

  function change(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }

  return {
    enter(id, priority) {
      const own: InWork = { id, priority, abort: new AbortController() };
      inWork.set(id, own);
      const { signal } = own.abort;
      return {
        signal,
        async wait() {
          await setImmediate(); // lets in what was sent while a stage had the thread
          while ([...inWork.values()].some((other) => goesBefore(other, own))) {
            signal.throwIfAborted();
            await changed.promise;
          }
          signal.throwIfAborted();
        },
        leave() {
          inWork.delete(id);
          change();
        },
      };
    },
    abort(id) {
      inWork.get(id)?.abort.abort();
      change();
    },
  };
}

/** Lower first, and among equals whoever came first. */
export function goesBefore(
  one: { priority: number; id: number },
  other: { priority: number; id: number },
): boolean {
  return one.priority < other.priority || (one.priority === other.priority && one.id < other.id);
}
