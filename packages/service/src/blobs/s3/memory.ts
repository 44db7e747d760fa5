import { setTimeout as sleep } from "node:timers/promises";
import { BlobsBusyError } from "../types.ts";

/** Of memory, and of what a part is made of. */
export const BLOCK_BYTES = 65_536;

/** An upload that has not grown for so long gives way to others that need the room. Milliseconds. */
const STALLED_MS = 2_000;
/** Kept for the next upload once they are free; what a burst took beyond is given back to the machine. */
const SPARE_BLOCKS = 256;
/** How long an upload waits for room, while its sender is not read. Milliseconds. */
const PATIENCE_MS = 10_000;
/** After so long it is taken that those who wait hold what they wait for, and the largest of them gives way. Milliseconds. */
const DEADLOCK_MS = 2_000;
const LOOK_MS = 100;

/** What parts of uploads are collected in: so many blocks for all uploads of a process together, reused. */
export interface Memory {
  /** @param giveWay ends the upload: its room is needed, and it does not grow */
  hold(giveWay: (error: BlobsBusyError) => void): Held;
}

/** What one upload has of it. */
export interface Held {
  readonly blocks: readonly Uint8Array<ArrayBuffer>[];
  /** One block more. @throws BlobsBusyError when there is none for 10 s, or it had to give way to one that holds less */
  grow(): Promise<Uint8Array<ArrayBuffer>>;
  /** Bytes came. @throws BlobsBusyError when it had to give way meanwhile */
  touch(): void;
  /** What it has is being sent: it is not stalled, however long that takes. */
  sending<T>(work: () => Promise<T>): Promise<T>;
  /** Gives all back. */
  release(): void;
}

export function createMemory(bytes: number): Memory {
  const limit = Math.floor(bytes / BLOCK_BYTES);
  const spare: Uint8Array<ArrayBuffer>[] = [];
  interface Holder {
    blocks: Uint8Array<ArrayBuffer>[];
    touched: number;
    busy: boolean;
    waiting: boolean;
    giveWay: (error: BlobsBusyError) => void;
    evicted?: BlobsBusyError;
  }
  const holders = new Set<Holder>();
  let used = 0;
  const hasRoom = () => used < limit;

  function giveBack(holder: Holder): void {
    used -= holder.blocks.length;
    spare.push(...holder.blocks.splice(0, SPARE_BLOCKS - spare.length));
    holder.blocks.length = 0;
  }

  function evict(holder: Holder, why: string): void {
    giveBack(holder);
    holders.delete(holder);
    holder.evicted = new BlobsBusyError(`Too many images are being received at once, and ${why}`);
    holder.giveWay(holder.evicted);
  }

  /** The one that has stood still for longest gives way. False when each goes on. */
  function evictStalled(): boolean {
    const [first] = [...holders]
      .filter(
        ({ blocks, busy, touched }) => blocks.length > 0 && !busy && performance.now() - touched > STALLED_MS,
      )
      .toSorted((a, b) => a.touched - b.touched);
    if (first) evict(first, "this one did not go on: send it again, without a pause.");
    return first !== undefined;
  }

  /** Of those who wait, the one that holds the most gives way: a small image finds room, whoever sends large ones. */
  function evictLargest(): boolean {
    const [first] = [...holders]
      .filter(({ waiting, blocks }) => waiting && blocks.length > 0)
      .toSorted((a, b) => b.blocks.length - a.blocks.length);
    if (first) evict(first, "this one holds the most of their room: send it again later.");
    return first !== undefined;
  }

  return {
    hold(giveWay) {
      const holder: Holder = { blocks: [], touched: performance.now(), busy: false, waiting: false, giveWay };
      holders.add(holder);
      return {
        blocks: holder.blocks,
        async grow() {
          const began = performance.now();
          holder.busy = holder.waiting = true; // it waits for us, not we for it
          try {
            while (!hasRoom() && !evictStalled()) {
              const waited = performance.now() - began;
              if (waited > DEADLOCK_MS && evictLargest()) break;
              if (waited > PATIENCE_MS)
                throw new BlobsBusyError("Too many images are being received at once: send it again later.");
              await sleep(LOOK_MS);
              if (holder.evicted) throw holder.evicted;
            }
            if (holder.evicted) throw holder.evicted;
          } finally {
            holder.busy = holder.waiting = false;
            holder.touched = performance.now();
          }
          used += 1;
          const block = spare.pop() ?? new Uint8Array(BLOCK_BYTES);
          holder.blocks.push(block);
          return block;
        },
        touch() {
          if (holder.evicted) throw holder.evicted;
          holder.touched = performance.now();
        },
        async sending(work) {
          holder.busy = true;
          try {
            return await work();
          } finally {
            holder.busy = false;
            holder.touched = performance.now();
            giveBack(holder);
          }
        },
        release() {
          giveBack(holder);
          holders.delete(holder);
        },
      };
    },
  };
}
