import type { Logger } from "pino";
import type { Context } from "../context.ts";
import type { Transaction } from "../database.ts";
import { withoutValues } from "../faults.ts";
import { withSession } from "../session.ts";
import { eraseSlots, notedRelations } from "./relations.ts";
import { scrub } from "./scrub.ts";
import type { Address } from "../address.ts";

export interface Erasure {
  /** Inside a transaction: deletes vectors, crops and their keys, and notes the pages that they lay on. */
  erase(tx: Transaction, slots: readonly number[]): Promise<void>;
  settle(): Promise<void>;
  /** Waits for no VACUUM: pages that are noted still are cleaned by another node, or by the next to start. */
  stop(): Promise<void>;
}

/** Milliseconds. */
export interface ErasureTimes {
  /** One cleaning serves all deletions of this span. Then PostgreSQL's next checkpoint writes the pages. */
  settle: number;
  /** Between looks for what other nodes noted; a note that two looks in a row find is cleaned here: its node is gone. */
  look: number;
}

const TIMES: ErasureTimes = { settle: 10_000, look: 60_000 };
/** Cleaning reads the tables' whole indexes: at most a tenth of the time goes into it. */
const REST = 9;

/** @param url straight to PostgreSQL: VACUUM has a connection of its own, which can be cut */
export function createErasure(
  context: Context,
  url: Address,
  { logger, times = TIMES }: { logger?: Logger | undefined; times?: ErasureTimes } = {},
): Erasure {
  let timer: NodeJS.Timeout | undefined;
  let cleaning: Promise<boolean> | undefined;
  const stop = new AbortController();

  const vacuum = (sql: string) =>
    withSession(url, { name: "prosopon erasure", signal: stop.signal }, async ({ query }) => {
      await query(sql);
    });

  /** True when every page noted so far is clean. */
  function clean(): Promise<boolean> {
    cleaning ??= cleanAll().finally(() => (cleaning = undefined));
    return cleaning;
  }

  async function cleanAll(): Promise<boolean> {
    let done = true;
    for (const relation of await notedRelations(context)) {
      stop.signal.throwIfAborted();
      done = (await scrub(context, relation, vacuum)) && done;
    }
    return done;
  }

  let rest = times.settle;
  async function cleanAndRest(): Promise<void> {
    const began = performance.now();
    const done = await clean().catch(report);
    rest = Math.max(times.settle, REST * (performance.now() - began));
    // An old transaction still sees what was deleted, or another node cleans.
    if (!done) wake();
  }

  function report(error: unknown): false {
    if (!stop.signal.aborted)
      logger?.warn({ err: withoutValues(error) }, "could not erase what was deleted; it is tried again");
    return false;
  }

  function wake(): void {
    if (stop.signal.aborted) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void cleanAndRest();
    }, rest).unref();
  }

  // What a node that was killed left behind: before this one started, and from now on.
  wake();
  let oldest: number | null = null;
  async function look(): Promise<void> {
    const [notes] = await context.read<{ oldest: number | null }>("SELECT min(row) AS oldest FROM erasures");
    const found = notes?.oldest ?? null;
    if (found !== null && found === oldest) wake();
    oldest = found;
  }
  const looks = setInterval(() => void look().catch(report), times.look).unref();

  return {
    async erase(tx, slots) {
      if (slots.length === 0) return;
      await eraseSlots(tx, slots);
      tx.afterCommit(() => wake());
    },
    async settle() {
      await cleaning?.catch(() => {});
      await clean();
      // Only for superusers and members of pg_checkpoint; for others PostgreSQL does it in its own time.
      await context.maintain("CHECKPOINT").catch(() => {});
    },
    async stop() {
      stop.abort();
      clearTimeout(timer);
      clearInterval(looks);
      await cleaning?.catch(() => {});
    },
  };
}
