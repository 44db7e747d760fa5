import type { Storage } from "@prosopon/service";
import type { CollectionKey } from "../../packages/service/src/storage/types.ts";
import { enqueueSearch, inLanes } from "./jobs.ts";

const NO_PHOTO = [{ blobId: "none", size: 0 }];
const LEASE = { leaseMs: 60_000, maxAttempts: 3 };

/** One job after the other through the queue with nothing to do: what a job costs beside its inference. Milliseconds. */
export async function overhead(storage: Storage, account: CollectionKey, jobs: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < jobs; i++) {
    const start = performance.now();
    await enqueueSearch(storage, account, NO_PHOTO);
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
  accounts: readonly CollectionKey[],
  jobs: number,
): Promise<number> {
  await inLanes(16, jobs, (index) =>
    enqueueSearch(storages[0]!, accounts[index % accounts.length]!, NO_PHOTO),
  );
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
