import type { Context } from "../context.ts";
import type { Transaction } from "../database.ts";
import { type Relation, scrub } from "./scrub.ts";

export interface Erasure {
  /** Inside a transaction: deletes vectors, crops and their keys, and notes the pages that they lay on. */
  erase(tx: Transaction, slots: readonly number[]): Promise<void>;
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/** Settling time, milliseconds: one cleaning serves all deletions of this span. Then PostgreSQL's next checkpoint writes the pages. */
const SETTLE_MS = 10_000;
/** Cleaning reads the tables' whole indexes: at most a tenth of the time goes into it. */
const REST = 9;
const RELATIONS: readonly Relation[] = ["vectors", "crop_keys"];

export function createErasure(context: Context): Erasure {
  let timer: NodeJS.Timeout | undefined;
  let cleaning: Promise<boolean> | undefined;

  /** True when every page noted so far is clean. */
  function clean(): Promise<boolean> {
    cleaning ??= cleanAll().finally(() => (cleaning = undefined));
    return cleaning;
  }

  async function cleanAll(): Promise<boolean> {
    let done = true;
    for (const relation of RELATIONS) done = (await scrub(context, relation)) && done;
    return done;
  }

  let rest = SETTLE_MS;
  async function cleanAndRest(): Promise<void> {
    const began = performance.now();
    const done = await clean().catch(() => false);
    rest = Math.max(SETTLE_MS, REST * (performance.now() - began));
    // An old transaction still sees what was deleted, or another node cleans.
    if (!done) wake();
  }

  function wake(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void cleanAndRest();
    }, rest).unref();
  }

  // What a node that was killed left behind.
  wake();

  return {
    async erase(tx, slots) {
      if (slots.length === 0) return;
      await tx.query("DELETE FROM crops WHERE slot = ANY ($1::bigint[])", [slots]);
      for (const relation of RELATIONS) {
        await tx.query(
          `WITH gone AS (DELETE FROM ${relation} WHERE slot = ANY ($1::bigint[]) RETURNING (ctid::text::point)[0]::bigint AS block)
           INSERT INTO erasures (relation, block) SELECT DISTINCT $2, block FROM gone`,
          [slots, relation],
        );
      }
      tx.afterCommit(() => wake());
    },
    async settle() {
      await cleaning?.catch(() => {});
      await clean();
      // Only for superusers and members of pg_checkpoint; for others PostgreSQL does it in its own time.
      await context.maintain("CHECKPOINT").catch(() => {});
    },
    async stop() {
      clearTimeout(timer);
      await cleaning?.catch(() => {});
    },
  };
}
