import type { JobKind } from "@prosopon/core/contract";
import type { Engine } from "@prosopon/engine";
import type { ClaimedJob } from "../storage/types.ts";
import { createGate } from "./gate.ts";

/** Share of the newest observation in a running mean. */
const NEWEST = 0.1;

/** What a worker has in hand, and how much more it should take so that the threads stay busy and nobody waits in vain. */
export interface Hands {
  /**
   * Lookups: one a thread and no more, since what is in hand goes before whoever comes next, however quiet; more only as
   * far as a photo's way here (claim and download) takes long beside its analysis. Imports: two photos a thread, and half
   * of what is missing at once, for a job may have five.
   */
  room(): { lookups: number; imports: number };
  /** `since`: `performance.now()` when its claim began. */
  take(job: ClaimedJob, since: number, signal: AbortSignal): Hand;
  /** See Gate. */
  hold(imports: boolean): void;
}

export interface Hand {
  /** The engine for this job's photos: each waits here for its thread. */
  engine: Engine;
  /** The job has ended, or passed on. */
  letGo(): void;
}

export const isLookup = (kind: JobKind): boolean => kind === "search" || kind === "recognize";

/** `onRoom` is called when a photo has been analysed. */
export function createHands(engine: Engine, onRoom: () => void): Hands {
  const { threads } = engine.info();
  const gate = createGate(threads);
  /** Photos in hand that have not been analysed. */
  const photos = { lookups: 0, imports: 0 };
  /** Running means of lookups, milliseconds. */
  const mean = { way: 0, analysis: 0 };

  const learn = (what: keyof typeof mean, ms: number) => {
    mean[what] = mean[what] === 0 ? ms : mean[what] + NEWEST * (ms - mean[what]);
  };

  return {
    room() {
      // By Little's law: as many as are begun while one is on its way.
      const ahead = mean.analysis === 0 ? 0 : Math.round((threads * mean.way) / mean.analysis);
      return {
        lookups: Math.max(0, threads + Math.min(ahead, threads) - photos.lookups),
        imports: Math.max(0, Math.ceil((2 * threads - photos.imports) / 2)),
      };
    },
    take({ kind, payload }, since, signal) {
      const lookup = isLookup(kind);
      const rank = lookup ? "lookups" : "imports";
      const places = new Set<() => void>();
      let left = payload.images.length;
      photos[rank] += left;
      const done = (count: number) => {
        photos[rank] -= count;
        left -= count;
        if (count > 0) onRoom();
      };
      return {
        engine: {
          ...engine,
          async analyse(image, options) {
            const arrived = performance.now();
            const leave = await gate.enter({ lookup, signal });
            places.add(leave);
            const begun = performance.now();
            try {
              return await engine.analyse(image, options);
            } finally {
              if (lookup) {
                learn("way", arrived - since);
                learn("analysis", performance.now() - begun);
              }
              // In this order: the worker looks for lookups before an import's photo gets the thread.
              if (left > 0) done(1);
              if (places.delete(leave)) leave();
            }
          },
        },
        letGo() {
          done(left);
          // Of photos that the engine goes on with, though nobody waits for them.
          for (const leave of places) leave();
          places.clear();
        },
      };
    },
    hold: gate.hold,
  };
}
