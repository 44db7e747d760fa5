import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isFinalStatus } from "@prosopon/core/contract";
import type { Storage } from "@prosopon/service";
import type { CollectionKey } from "../../packages/service/src/storage/types.ts";
import { enqueueImport, enqueueSearch, inLanes, mulberry32, type Photos } from "./jobs.ts";
import { percentile } from "./percentile.ts";
import type { WorkerProcess } from "./processes.ts";

/** A system of its own: database, worker process, accounts. */
export interface Cluster {
  storage: Storage;
  worker: WorkerProcess;
  accounts: CollectionKey[];
}

/** What loud accounts have waiting all the while, each: searches of one photo, imports of five. */
export interface Backlog {
  searches: number;
  imports: number;
}
const ROUNDS = 3;
/** Quiet searches come this much apart on average, so that they meet the worker at any moment of its work. */
const APART_MS = 30;

export interface Fairness {
  /** Medians of the rounds' medians, milliseconds. */
  idle: number;
  busy: number;
  /** The same of a system where only imports wait. */
  imports: number;
  /** Median of the rounds' ratios. */
  ratio: number;
  importsRatio: number;
  /** Jobs of each loud account that ended during the busy rounds. */
  served: number[];
}

/**
 * Latency of quiet accounts' searches, from enqueueing to the event of their end, each account's first in its round:
 * in a system that has nothing else to do, and in one beside two loud accounts. Rounds take turns.
 */
export async function fairness(
  idle: Cluster,
  busy: Cluster,
  photos: Photos,
  backlog: Backlog,
): Promise<Fairness> {
  const random = mulberry32(11);
  const [loud, quiet] = [busy.accounts.slice(0, 2), busy.accounts.slice(2)];
  const share = Math.floor(quiet.length / ROUNDS);
  const medians = { idle: [] as number[], imports: [] as number[], busy: [] as number[] };
  const served = loud.map(() => 0);

  await idle.worker.start();
  await probe(idle, idle.accounts.slice(0, 10), photos, random); // warm
  await idle.worker.stop();
  for (let round = 0; round < ROUNDS; round++) {
    const part = (accounts: CollectionKey[]) => accounts.slice(round * share, (round + 1) * share);
    await idle.worker.start();
    medians.idle.push(await probe(idle, part(idle.accounts), photos, random));
    await idle.worker.stop();

    await top(busy, loud, photos, { ...backlog, searches: 0 });
    await busy.worker.start();
    medians.imports.push(await probe(busy, part(quiet), photos, random));
    await busy.worker.stop();

    await top(busy, loud, photos, backlog);
    const stopCounting = busy.storage.events.listen(({ accountId, status }) => {
      const index = loud.findIndex((one) => one.accountId === accountId);
      if (status === "Succeeded" && index >= 0) served[index]!++;
    });
    await busy.worker.start();
    medians.busy.push(await probe(busy, part(quiet), photos, random));
    await busy.worker.stop();
    stopCounting();
    const searchesLeft = () => Promise.all(loud.map((account) => waiting(busy.storage, account, "search")));
    if ((await searchesLeft()).some((count) => count === 0))
      throw new Error("a loud account's searches ran out during a round");
    // The next imports round is to have no searches.
    await busy.worker.start();
    while ((await searchesLeft()).some((count) => count > 0)) await sleep(100);
    await busy.worker.stop();
  }
  const ratios = (of: number[]) =>
    percentile(
      of.map((ms, round) => ms / medians.idle[round]!),
      50,
    );
  return {
    idle: percentile(medians.idle, 50),
    busy: percentile(medians.busy, 50),
    imports: percentile(medians.imports, 50),
    ratio: ratios(medians.busy),
    importsRatio: ratios(medians.imports),
    served,
  };
}

async function waiting(storage: Storage, { accountId }: CollectionKey, kind: string): Promise<number> {
  return (await storage.jobs.unfinished(accountId)).filter((job) => job.kind === kind).length;
}

/** Fills up what waits to the backlog. */
async function top(
  { storage }: Cluster,
  loud: CollectionKey[],
  photos: Photos,
  backlog: Backlog,
): Promise<void> {
  for (const account of loud) {
    const [searches, imports] = [
      backlog.searches - (await waiting(storage, account, "search")),
      backlog.imports - (await waiting(storage, account, "enrol")),
    ];
    await inLanes(4, searches, () => enqueueSearch(storage, account, photos));
    await inLanes(4, imports, () => enqueueImport(storage, account, photos, 5));
  }
}

/** One search of each account, one after the other; the median of milliseconds. */
async function probe(
  { storage }: Cluster,
  accounts: CollectionKey[],
  photos: Photos,
  random: () => number,
): Promise<number> {
  const ended = new Map<string, () => void>();
  const stop = storage.events.listen(({ jobId, status }) => {
    if (isFinalStatus(status)) ended.get(jobId)?.();
  });
  await sleep(500); // until the worker has filled its hands
  const times: number[] = [];
  for (const account of accounts) {
    await sleep(2 * APART_MS * random());
    const id = randomUUID();
    const end = new Promise<void>((resolve) => ended.set(id, resolve));
    const start = performance.now();
    await enqueueSearch(storage, account, photos, id);
    await end;
    times.push(performance.now() - start);
  }
  stop();
  return percentile(times, 50);
}
