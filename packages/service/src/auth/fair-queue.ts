/** Work that is done a few at a time, in turns: by group, and within a group by key. */
export interface FairQueue {
  /**
   * @param first goes before all that is not
   * @returns undefined when too much of the group, or of all, waits already
   */
  enter<T>(
    who: { group: string; key: string; first?: boolean },
    work: () => Promise<T>,
  ): Promise<T> | undefined;
}

export interface FairQueueLimits {
  atOnce: number;
  /** Waiting of one group, and of all groups together. */
  perGroup: number;
  all: number;
}

type Lane = Map<string, Map<string, (() => void)[]>>;

export function createFairQueue({ atOnce, perGroup, all }: FairQueueLimits): FairQueue {
  const lanes: { first: Lane; rest: Lane } = { first: new Map(), rest: new Map() };
  const waiting = new Map<string, number>();
  let total = 0;
  let running = 0;

  /** The oldest of the key whose turn it is, of the group whose turn it is; both go to the end of their rows. */
  function take(lane: Lane): (() => void) | undefined {
    const group = lane.entries().next().value;
    if (!group) return undefined;
    const [groupName, keys] = group;
    const [keyName, queue] = keys.entries().next().value!;
    const go = queue.shift()!;
    keys.delete(keyName);
    if (queue.length > 0) keys.set(keyName, queue);
    lane.delete(groupName);
    if (keys.size > 0) lane.set(groupName, keys);
    const left = waiting.get(groupName)! - 1;
    if (left > 0) waiting.set(groupName, left);
    else waiting.delete(groupName);
    total -= 1;
    return go;
  }

  function next(): void {
    while (running < atOnce) {
      const go = take(lanes.first) ?? take(lanes.rest);
      if (!go) return;
      running += 1;
      go();
    }
  }

  return {
    enter({ group, key, first = false }, work) {
      // Those who go first have room of their own: a crowd of others does not take it.
      const room = first ? 2 : 1;
      const own = waiting.get(group) ?? 0;
      if (own >= perGroup * room || total >= all * room) return undefined;
      const turn = Promise.withResolvers<void>();
      const lane = first ? lanes.first : lanes.rest;
      const keys = lane.get(group) ?? new Map<string, (() => void)[]>();
      lane.set(group, keys);
      keys.set(key, [...(keys.get(key) ?? []), turn.resolve]);
      waiting.set(group, own + 1);
      total += 1;
      next();
      return turn.promise.then(work).finally(() => {
        running -= 1;
        next();
      });
    },
  };
}
