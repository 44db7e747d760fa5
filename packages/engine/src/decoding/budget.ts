/** Memory for decoding, shared by all threads. */
export interface Budget {
  /** Resolves when so many bytes are free; whoever came first goes first, however little a later one needs. */
  take(owner: object, bytes: number): Promise<void>;
  /** Gives back what the owner has, or takes it out of the queue. */
  release(owner: object): void;
}

export function createBudget(total: number): Budget {
  let free = total;
  const held = new Map<object, number>();
  const waiting: { owner: object; bytes: number; go: () => void }[] = [];

  function next(): void {
    for (let first = waiting[0]; first && first.bytes <= free; first = waiting[0]) {
      waiting.shift();
      free -= first.bytes;
      held.set(first.owner, first.bytes);
      first.go();
    }
  }

  return {
    take(owner, bytes) {
      const { promise, resolve } = Promise.withResolvers<void>();
      // The bounds have let it through: one a little over the whole goes alone.
      waiting.push({ owner, bytes: Math.min(bytes, total), go: resolve });
      next();
      return promise;
    },
    release(owner) {
      const at = waiting.findIndex((one) => one.owner === owner);
      if (at >= 0) waiting.splice(at, 1);
      free += held.get(owner) ?? 0;
      held.delete(owner);
      next();
    },
  };
}
