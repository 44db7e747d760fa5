import type { JobKind } from "@prosopon/core/contract";
import type { Engine } from "@prosopon/engine";
import type { Clock } from "../clock.ts";
import { rankOf } from "../storage/rules/turn.ts";
import type { JobInHand } from "../storage/types.ts";

/** Photos in hand for each thread: one in work, one whose claim and download are done when the thread is free. */
const AHEAD = 2;
/** Turns stay far below. */
const RANK_STEP = 2 ** 52;
/** Full hands of which no photo ended for so long, ms, make room for other accounts: most photos take a tenth of it. */
export const STUCK_MS = 1_000;

type Work = "lookups" | "imports";

/** How many photos more, and of whom none. */
export interface Room {
  count: number;
  /** Accounts that fill the hands with photos that don't end. They don't count, and get no more until one ends. */
  except: string[];
}

/** What a worker has in hand, and how much more it should take so that the threads stay busy. */
export interface Capacity {
  /** Imports: half of what is missing at once, for a job may have five photos. */
  room(): Record<Work, Room>;
  /** The last turn of a lookup in hand; undefined without one. */
  lastLookup(): number | undefined;
  take(job: JobInHand): Share;
}

export interface Share {
  /** The engine for this job's photos: they go before those of later jobs, also those in work. Those of a suspected one are analysed apart. */
  engine: Engine;
  /** The job has ended, or passed on. */
  letGo(): void;
}

const priorityOf = (job: JobInHand): number => rankOf(job.kind) * RANK_STEP + job.turn;

export const isLookup = (kind: JobKind): boolean => rankOf(kind) === 0;

/** An account's photos in hand that have not been analysed. */
interface Held {
  photos: number;
  /** When the first of them came, or one of them ended last. */
  since: number;
}

/** `onRoom` is called when a photo has been analysed. */
export function createCapacity(engine: Engine, clock: Clock, onRoom: () => void): Capacity {
  const places = AHEAD * engine.info().threads;
  const held: Record<Work, Map<string, Held>> = { lookups: new Map(), imports: new Map() };
  const lookups = new Set<JobInHand>();

  function roomOf(work: Work): Room {
    const accounts = [...held[work]];
    const free = (all: typeof accounts) => places - all.reduce((sum, [, { photos }]) => sum + photos, 0);
    if (free(accounts) > 0) return { count: free(accounts), except: [] };
    const isStuck = ([, { since }]: (typeof accounts)[number]) => clock.now() - since >= STUCK_MS;
    return {
      count: Math.max(0, free(accounts.filter((account) => !isStuck(account)))),
      except: accounts.filter(isStuck).map(([id]) => id),
    };
  }

  return {
    room() {
      const imports = roomOf("imports");
      return { lookups: roomOf("lookups"), imports: { ...imports, count: Math.ceil(imports.count / 2) } };
    },
    lastLookup() {
      return lookups.size === 0 ? undefined : Math.max(...[...lookups].map(({ turn }) => turn));
    },
    take(job) {
      const own = { priority: priorityOf(job), owner: job.accountId };
      // Apart they take no thread from others.
      if (job.deaths > 0)
        return {
          engine: {
            ...engine,
            analyse: (image, options) => engine.analyse(image, { ...options, ...own, apart: true }),
          },
          letGo() {},
        };
      const kind = isLookup(job.kind) ? "lookups" : "imports";
      let left = job.payload.images.length;
      const account = held[kind].get(job.accountId) ?? { photos: 0, since: clock.now() };
      account.photos += left;
      held[kind].set(job.accountId, account);
      if (kind === "lookups") lookups.add(job);
      const done = (count: number) => {
        account.photos -= count;
        account.since = clock.now();
        if (account.photos === 0 && held[kind].get(job.accountId) === account)
          held[kind].delete(job.accountId);
        left -= count;
        if (left === 0) lookups.delete(job);
        if (count > 0) onRoom();
      };
      return {
        engine: {
          ...engine,
          analyse: (image, options) =>
            engine.analyse(image, { ...options, ...own }).finally(() => left > 0 && done(1)),
        },
        letGo: () => left > 0 && done(left),
      };
    },
  };
}
