import type { Storage } from "@prosopon/service";
import type { CollectionKey } from "../../packages/service/src/storage/types.ts";
import { enqueueImport, inLanes, type Photos } from "./jobs.ts";
import { percentile } from "./percentile.ts";
import type { WorkerProcess } from "./processes.ts";

const ROUNDS = 3;
/** Some ten seconds a round: of a shorter one the beginning and the end, when workers wait, are too large a part. */
const JOBS = 300;

export interface Scaling {
  /** Jobs per second, medians. */
  one: number;
  two: number;
  /** Median of the rounds' ratios. */
  ratio: number;
}

/** Enrolments of one photo per second, by one worker and by two, from a queue that was filled before. Rounds take turns. */
export async function scaling(
  storage: Storage,
  accounts: readonly CollectionKey[],
  photos: Photos,
  workers: readonly [WorkerProcess, WorkerProcess],
): Promise<Scaling> {
  const rates = { one: [] as number[], two: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.one.push(await rate(storage, accounts, photos, workers.slice(0, 1)));
    rates.two.push(await rate(storage, accounts, photos, workers));
  }
  return {
    one: percentile(rates.one, 50),
    two: percentile(rates.two, 50),
    ratio: percentile(
      rates.two.map((two, round) => two / rates.one[round]!),
      50,
    ),
  };
}

async function rate(
  storage: Storage,
  accounts: readonly CollectionKey[],
  photos: Photos,
  workers: readonly WorkerProcess[],
): Promise<number> {
  await inLanes(8, JOBS, (index) => enqueueImport(storage, accounts[index % accounts.length]!, photos, 1));
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  let ended = 0;
  const stop = storage.events.listen(({ status }) => {
    if (status === "Failed") reject(new Error("an enrolment of the bench failed"));
    if (status === "Succeeded" && ++ended === JOBS) resolve();
  });
  const start = performance.now();
  await Promise.all(workers.map((worker) => worker.start()));
  await done;
  const seconds = (performance.now() - start) / 1000;
  stop();
  await Promise.all(workers.map((worker) => worker.stop()));
  return JOBS / seconds;
}
