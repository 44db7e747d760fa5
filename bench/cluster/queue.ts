import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Storage } from "@prosopon/service";
import { percentile } from "./percentile.ts";

const LEASE = { leaseMs: 60_000, maxAttempts: 3 };

/** One job after the other through the queue with nothing to do: what a job costs beside its inference. Milliseconds. */
export async function overhead(storage: Storage, accountId: string, jobs: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < jobs; i++) {
    const start = performance.now();
    await enqueueSearch(storage, accountId);
    const [job] = await storage.jobs.claim({ limit: 1, now: Date.now(), ...LEASE });
    await storage.jobs.finish(
      { jobId: job!.id, leaseId: job!.leaseId },
      { type: "answered", result: {} },
      Date.now(),
    );
    times.push(performance.now() - start);
  }
  return times;
}

/** Jobs per second of workers that do nothing, each with four jobs in hand, over many accounts. */
export async function throughput(
  storages: readonly Storage[],
  accountIds: readonly string[],
  jobs: number,
): Promise<number> {
  await inLanes(16, jobs, (index) => enqueueSearch(storages[0]!, accountIds[index % accountIds.length]!));
  const start = performance.now();
  let ended = 0;
  await Promise.all(
    storages.map(async (storage) => {
      while (ended < jobs) {
        const claimed = await storage.jobs.claim({ limit: 4, now: Date.now(), ...LEASE });
        if (claimed.length === 0) return;
        await Promise.all(
          claimed.map(({ id, leaseId }) =>
            storage.jobs.finish({ jobId: id, leaseId }, { type: "answered", result: {} }, Date.now()),
          ),
        );
        ended += claimed.length;
      }
    }),
  );
  return jobs / ((performance.now() - start) / 1000);
}

/**
 * Latency of the searches of quiet accounts, one at a time, while two loud ones have `backlog` jobs waiting: a worker of
 * four places whose work takes `serviceMs`. Milliseconds.
 */
export async function fairness(
  storage: Storage,
  accounts: { quiet: string[]; loud: string[] },
  backlog: number,
  serviceMs: number,
): Promise<number> {
  const stop = new AbortController();
  const inHand = new Set<Promise<void>>();
  let wake = () => {};
  const stopDue = storage.events.onDue(() => wake());
  const ended = new Map<string, () => void>();
  const stopEvents = storage.events.listen(({ jobId, status }) => {
    if (status === "Succeeded") ended.get(jobId)?.();
  });
  async function work({ id, leaseId }: { id: string; leaseId: string }): Promise<void> {
    await sleep(serviceMs);
    await storage.jobs.finish({ jobId: id, leaseId }, { type: "answered", result: {} }, Date.now());
  }
  async function claimOn(): Promise<void> {
    while (!stop.signal.aborted) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      const free = 4 - inHand.size;
      const jobs = free > 0 ? await storage.jobs.claim({ limit: free, now: Date.now(), ...LEASE }) : [];
      for (const job of jobs) {
        const done: Promise<void> = work(job).finally(() => {
          inHand.delete(done);
          wake();
        });
        inHand.add(done);
      }
      if (jobs.length < free || inHand.size === 4) await Promise.race([woken, sleep(250)]);
    }
    await Promise.all(inHand);
  }
  const worker = claimOn();
  await inLanes(8, backlog, (index) => enqueueSearch(storage, accounts.loud[index % accounts.loud.length]!));
  const times: number[] = [];
  for (const accountId of accounts.quiet) {
    const start = performance.now();
    const id = randomUUID();
    const end = new Promise<void>((resolve) => ended.set(id, resolve));
    await storage.jobs.enqueue({
      id,
      accountId,
      payload: { kind: "search", images: [], maxResult: 10 },
      now: Date.now(),
    });
    await end;
    times.push(performance.now() - start);
  }
  stop.abort();
  wake();
  await worker;
  stopDue();
  stopEvents();
  return percentile(times, 50);
}

function enqueueSearch(storage: Storage, accountId: string) {
  return storage.jobs.enqueue({
    id: randomUUID(),
    accountId,
    payload: { kind: "search", images: [], maxResult: 10 },
    now: Date.now(),
  });
}

async function inLanes(
  lanes: number,
  count: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (next < count) await work(next++);
    }),
  );
}
