import type { Logger } from "pino";
import type { Context } from "../../context.ts";
import type { Database } from "../../database.ts";
import { withoutValues } from "../../faults.ts";
import { withSession } from "../../session.ts";
import {
  createIndex,
  dropIndex,
  enter,
  forget,
  isSampled,
  keepNoSamples,
  NOW,
  situations,
} from "./catalogue.ts";
import { type Measured, measureIndex } from "./measure.ts";
import { type IndexRule, nextStep, type Situation } from "./rule.ts";
import type { Address } from "../../address.ts";

export interface Upkeep {
  /** Does what is due now, unless another node does. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/** Names the advisory lock: the bytes of "pros" and two. */
const LOCK = 0x70726f75;
/**
 * A build that does not fit is several times slower. About 700 bytes a face: 1.5 million fit, and one build runs at a time.
 * One core, so that enrolments and searches keep the others.
 */
const BUILDING = "SET maintenance_work_mem = '1GB'; SET max_parallel_maintenance_workers = 0";

/**
 * Makes, measures and drops the indexes of large accounts, by the rule alone. One node at a time, under a lock of its
 * session: a node that dies loses it with the connection, and PostgreSQL breaks off what it was building.
 * @param url straight to PostgreSQL: through a pooler it does nothing, and says so
 * @param capacity faces that this node, which does jobs, holds in memory
 */
export function createUpkeep(
  context: Context,
  url: Address,
  { rule, capacity, logger }: { rule: IndexRule; capacity: number; logger?: Logger | undefined },
): Upkeep {
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  const stop = new AbortController();

  const step = (situation: Situation) => nextStep(situation, rule, capacity);

  async function lookAndAct(): Promise<void> {
    const due = (await situations(context.read, rule)).filter(step);
    if (due.length === 0 || stop.signal.aborted) return;
    await withSession(url, { name: "prosopon indexes", signal: stop.signal }, async ({ query, pooled }) => {
      if (pooled) return leave(due.length);
      const [lock] = await query<{ held: boolean }>("SELECT pg_try_advisory_lock($1) AS held", [LOCK]);
      if (!lock?.held) return;
      await query(BUILDING);
      for (const { account } of due) await settleAccount(query, account);
    });
  }

  /** For good: the way to the database stays what it is until the next start. */
  function leave(accounts: number): void {
    stop.abort();
    logger?.warn(
      { accounts },
      "no index is made for large accounts, which are searched more slowly: a pooler leads to the database; set PROSOPON_DATABASE_DIRECT_URL",
    );
  }

  async function settleAccount(query: Database["read"], account: number): Promise<void> {
    while (!stop.signal.aborted) {
      // Again under the lock: another node may have been at it.
      const [situation] = await situations(query, { ...rule, account });
      const next = situation && step(situation);
      if (!next) return;
      try {
        await act(query, account, next);
      } catch (error) {
        if (stop.signal.aborted || !isStatementFault(error)) throw error;
        logger?.warn({ err: withoutValues(error) }, "could not make or measure the index of a large account");
        await query("ROLLBACK");
        await query(dropIndex(account));
        await enter(query, account, "failed", (error as Error).message);
        return;
      }
    }
  }

  async function act(query: Database["read"], account: number, next: string): Promise<void> {
    switch (next) {
      case "build":
        await enter(query, account, "building");
        do {
          // Invalid, and not even kept up to date, when a build was cut short.
          await query(dropIndex(account));
          await query(createIndex(account));
          await query(keepNoSamples(account));
        } while (await isSampled(query, account));
        return enter(query, account, "measuring");
      case "measure":
        return measure(query, account);
      case "drop":
        await query(dropIndex(account));
        return;
      case "forget":
        await enter(query, account, "building");
        await query(dropIndex(account));
        return forget(query, account);
    }
  }

  /** Meanwhile it is searched as before. */
  async function measure(query: Database["read"], account: number): Promise<void> {
    await query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    const [row] = await query<{ faces: number }>("SELECT count(*) AS faces FROM vectors WHERE account = $1", [
      account,
    ]);
    const faces = row?.faces ?? 0;
    const measured = await measureIndex(query, account, faces, rule);
    await query("COMMIT");
    await record(query, account, faces, measured);
    if (!measured.fit) await query(dropIndex(account));
  }

  function wake(): void {
    if (stop.signal.aborted) return;
    timer = setTimeout(() => {
      void look()
        .catch((error: unknown) => {
          if (stop.signal.aborted) return;
          logger?.warn({ err: withoutValues(error) }, "could not look after the indexes of large accounts");
        })
        .finally(wake);
    }, rule.checkMs).unref();
  }
  wake();

  function look(): Promise<void> {
    looking ??= lookAndAct().finally(() => (looking = undefined));
    return looking;
  }

  return {
    look,
    async stop() {
      // What it was building is cleared away by the next node that looks.
      stop.abort();
      clearTimeout(timer);
      await looking?.catch(() => {});
    },
  };
}

/** PostgreSQL refused or broke off the statement, and the connection is still there. */
function isStatementFault(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? "";
  // Class 08 and 57P: the connection or the server went.
  return /^[0-9A-Z]{5}$/.test(code) && !code.startsWith("08") && !code.startsWith("57P");
}

async function record(query: Database["read"], account: number, faces: number, m: Measured): Promise<void> {
  await query(
    `UPDATE search_indexes SET state = $2, faces = $3, changed_at = ${NOW}, ef_search = $4, sure = $5, probes = $6, misses = $7,
       recall_at_10 = $8, answered = $9, strangers = $10, stranger_misses = $11, index_ms = $12, exact_ms = $13, note = NULL
     WHERE account = $1`,
    [
      account,
      m.fit ? "serving" : "unfit",
      faces,
      m.ef,
      m.sure,
      m.probes,
      m.misses,
      m.recallAt10,
      m.answered,
      m.strangers,
      m.strangerMisses,
      m.indexMs,
      m.exactMs,
    ],
  );
}
