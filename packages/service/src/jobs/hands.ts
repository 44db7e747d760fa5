import type { JobKind } from "@prosopon/core/contract";
import type { Engine } from "@prosopon/engine";
import { RANK } from "../storage/turn.ts";
import type { ClaimedJob } from "../storage/types.ts";

/** Photos in hand for each thread: one in work, one whose claim and download are done when the thread is free. */
const AHEAD = 2;
/** Turns stay far below. */
const RANK_STEP = 2 ** 52;

/** What a worker has in hand, and how much more it should take so that the threads stay busy. */
export interface Hands {
  /** Imports: half of what is missing at once, for a job may have five photos. */
  room(): { lookups: number; imports: number };
  /** The last turn of a lookup in hand; undefined without one. */
  lastLookup(): number | undefined;
  take(job: ClaimedJob): Hand;
}

export interface Hand {
  /** The engine for this job's photos: they go before those of later jobs, also those in work. Those of a suspected one are analysed apart. */
  engine: Engine;
  /** The job has ended, or passed on. */
  letGo(): void;
}

const priorityOf = (job: ClaimedJob): number => RANK[job.kind] * RANK_STEP + job.turn;

export const isLookup = (kind: JobKind): boolean => RANK[kind] === 0;

/** `onRoom` is called when a photo has been analysed. */
export function createHands(engine: Engine, onRoom: () => void): Hands {
  const { threads } = engine.info();
  /** Photos in hand that have not been analysed. */
  const photos = { lookups: 0, imports: 0 };
  const lookups = new Set<ClaimedJob>();

  return {
    room() {
      return {
        lookups: Math.max(0, AHEAD * threads - photos.lookups),
        imports: Math.max(0, Math.ceil((AHEAD * threads - photos.imports) / 2)),
      };
    },
    lastLookup() {
      return lookups.size === 0 ? undefined : Math.max(...[...lookups].map(({ turn }) => turn));
    },
    take(job) {
      // Apart they take no thread from others.
      if (job.deaths > 0)
        return {
          engine: {
            ...engine,
            analyse: (image, options) =>
              engine.analyse(image, { ...options, apart: true, priority: priorityOf(job) }),
          },
          letGo() {},
        };
      const kind = isLookup(job.kind) ? "lookups" : "imports";
      const priority = priorityOf(job);
      let left = job.payload.images.length;
      photos[kind] += left;
      if (kind === "lookups") lookups.add(job);
      const done = (count: number) => {
        photos[kind] -= count;
        left -= count;
        if (left === 0) lookups.delete(job);
        if (count > 0) onRoom();
      };
      return {
        engine: {
          ...engine,
          analyse: (image, options) =>
            engine.analyse(image, { ...options, priority }).finally(() => left > 0 && done(1)),
        },
        letGo: () => done(left),
      };
    },
  };
}
