import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@prosopon/core";
import { audit, findImages, type Audit, type ImagesFound } from "./audit.ts";
import { gather, type Crowd } from "./crowd.ts";
import type { Fate } from "./fleet.ts";
import { findBreaches, type Breach } from "./ledger.ts";
import { makePhotos, type Photos } from "./photos.ts";
import { build } from "./setup.ts";
import { type MachineTime, watchMachine } from "./machine.ts";
import { calmWeather, rage, type Weather } from "./storm.ts";
import { sweepLater } from "./sweep.ts";

export interface ChaosOptions {
  /** The node binary and the command's script. */
  command: string[];
  /** Of each kind: enrolments and searches. */
  jobs: number;
  jobsPerSecond: number;
  clients?: number;
  accounts?: number;
  /** How long a watch may wait for its job's end. */
  watchMs: number;
  images?: "directory" | "objects";
  /** Whether faults come beside the kills (weathers.ts, images.ts). */
  faults?: boolean;
  signal?: AbortSignal;
  /** Told now and then how far it is. */
  onProgress?(text: string): void;
}

export interface Chaos {
  fates: Fate[];
  weather: Weather;
  logged: Map<string, number>;
  crowd: Pick<Crowd, "attempts" | "sights" | "streams" | "refreshes">;
  /** Once the nodes had stopped. */
  audit: Audit;
  /** After the sweep that followed. */
  swept: ImagesFound;
  breaches: Breach[];
  /** Searches afterwards that did not find whom an enrolment had just brought. */
  unfound: number;
  /** s from the first POST to the last acknowledgement, and to the last end. */
  sentS: number;
  endedS: number;
  machine: MachineTime;
  /** How many faults were to come. */
  faults: number;
}

/** All subscribers have been told everything by then after the last job's end, or were not told. */
const SETTLE_MS = 60_000;

/** Two API nodes, three workers, a proxy, PostgreSQL and a crowd, in a storm; then the books are closed. */
export async function runChaos(options: ChaosOptions): Promise<Chaos> {
  const { command, jobs, jobsPerSecond, clients = 32, accounts = 8, watchMs, onProgress } = options;
  const over = new AbortController();
  const abort = () => over.abort();
  options.signal?.addEventListener("abort", abort);
  const photos = await makePhotos();
  const site = await build({ command, apis: 2, workers: 3, accounts, images: options.images });
  try {
    onProgress?.("PostgreSQL runs: waiting for the processes");
    await site.fleet.ready();
    const crowd = await gather({
      url: site.url,
      accounts: site.accounts,
      clients,
      jobs,
      jobsPerSecond,
      photos,
      watchMs,
      signal: over.signal,
    });
    const began = performance.now();
    const machineTime = await watchMachine();
    const soFar = calmWeather();
    const telling = setInterval(
      () =>
        onProgress?.(
          progressOf(crowd, jobs * 2, (performance.now() - began) / 1_000, soFar, site.fleet.fates),
        ),
      5_000,
    );
    over.signal.addEventListener("abort", () => clearInterval(telling));
    const calm = new AbortController();
    const { fleet, restartDatabase, cutListener } = site;
    const raging = rage(
      {
        fleet,
        progress: crowd.progress,
        restartDatabase,
        cutListener,
        faults: options.faults ? site.faults : [],
        signal: AbortSignal.any([calm.signal, over.signal]),
      },
      soFar,
    );
    raging.catch(() => {}); // awaited below
    await crowd.sent;
    const sentS = (performance.now() - began) / 1_000;
    calm.abort();
    const weather = await raging;
    onProgress?.("all is acknowledged: waiting for the ends that are still to be told");
    await crowd.watched;
    const endedS = (performance.now() - began) / 1_000;
    const machine = await machineTime();
    onProgress?.("all has ended: closing the books");
    const database = await site.connect();
    const unfound = await findEachOther(crowd.clients.slice(0, accounts), photos, watchMs);
    // Attempts that had no answer may have left jobs that nobody waits for.
    const unended = "SELECT 1 FROM jobs WHERE finished_at IS NULL LIMIT 1";
    await until(async () => (await database.query(unended)).rowCount === 0, watchMs);
    const heads =
      "SELECT a.client_id AS account, h.seq::int FROM account_heads h JOIN accounts a ON a.row = h.account";
    const { rows } = await database.query<{ account: string; seq: number }>(heads);
    const newest = new Map(rows.map(({ account, seq }) => [account, seq]));
    await until(
      async () =>
        crowd.streams.every(({ account, told }) => (told.at(-1)?.seq ?? 0) >= (newest.get(account) ?? 0)),
      SETTLE_MS,
    );
    over.abort();
    await fleet.stop();
    const found = await audit(database, site.images);
    await sweepLater(site.databaseUrl, site.images);
    const swept = await findImages(database, site.images);
    await database.end();
    const { attempts, sights, streams, refreshes } = crowd;
    return {
      fates: fleet.fates,
      weather,
      logged: fleet.logged,
      crowd: { attempts, sights, streams, refreshes },
      audit: found,
      swept,
      breaches: findBreaches({ attempts, sights, streams, audit: found, swept }),
      unfound,
      sentS,
      endedS,
      machine,
      faults: options.faults ? site.faults.length : 0,
    };
  } finally {
    over.abort();
    options.signal?.removeEventListener("abort", abort);
    await site.stop();
  }
}

/** The ledger so far, in a line. */
function progressOf(
  { attempts, sights, progress }: Crowd,
  total: number,
  seconds: number,
  { passed, now, databaseRestartMs }: Weather,
  fates: readonly Fate[],
): string {
  const watches = sights.filter(({ by }) => by === "core");
  const failed = watches.filter(({ statuses }) => statuses.at(-1) === "Failed").length;
  const unended = watches.filter(({ failure }) => failure !== undefined).length;
  const kills = fates.reduce((sum, fate) => sum + fate.kills, 0);
  const crashes = fates.reduce((sum, fate) => sum + fate.crashes.length, 0);
  return `${Math.round(seconds)} s: ${Math.round(progress() * total)} of ${total} jobs acknowledged after ${attempts.length} POSTs, ${watches.length} ended (${failed} Failed, ${unended} not told); ${kills} kills, ${crashes} crashes, ${passed.length} faults passed${databaseRestartMs === undefined ? "" : ", PostgreSQL restarted"}${now ? `; now ${now}` : ""}`;
}

async function until(reached: () => Promise<boolean>, ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end && !(await reached());) await sleep(250);
}

/** Whoever was enrolled is found by the next search, whichever worker does it and whatever its gallery has been through. */
async function findEachOther(clients: Client[], photos: Photos, timeoutMs: number): Promise<number> {
  const missed = await Promise.all(
    clients.map(async (client) => {
      const enrolment = await client.identities.create({ images: [photos.reserved] });
      const { identityId } = await client.jobs.wait(enrolment, { timeoutMs });
      const searches = Array.from({ length: 4 }, async () => {
        const job = await client.identities.search({ image: photos.reserved, maxResult: 1 });
        const { matches } = await client.jobs.wait(job, { timeoutMs });
        return matches?.[0]?.identity_id === identityId ? 0 : 1;
      });
      return (await Promise.all(searches)).reduce((sum: number, one) => sum + one, 0);
    }),
  );
  return missed.reduce((sum, one) => sum + one, 0);
}
