import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet } from "./fleet.ts";

export interface Storm {
  fleet: Fleet;
  /** How far the sending has come, 0..1. */
  progress(): number;
  /** Hard restart of PostgreSQL. */
  restartDatabase(): Promise<void>;
  /** Cuts the connection by which an API node listens; how many were cut. */
  cutListener(): Promise<number>;
  /** Ends the storm. */
  signal: AbortSignal;
}

export interface Weather {
  /** How long PostgreSQL's restart took, ms; undefined when it came to none. */
  databaseRestartMs?: number;
  /** performance.now() at its beginning. */
  databaseRestartAt?: number;
  listenersCut: number;
}

/** One process dies every so often. */
const KILL_MS = 2_000;
const RESTART_AT = 0.35;
const CUT_AT = 0.65;

/** Kills until it is told to stop: every member in each round, in an order of its own. */
export async function rage({
  fleet,
  progress,
  restartDatabase,
  cutListener,
  signal,
}: Storm): Promise<Weather> {
  const weather: Weather = { listenersCut: 0 };
  let restarting: Promise<void> | undefined;
  let round: string[] = [];
  while (!signal.aborted) {
    await sleep(KILL_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    if (round.length === 0) round = shuffled(fleet.fates.map(({ name }) => name));
    fleet.kill(round.pop()!);
    if (!restarting && progress() >= RESTART_AT) {
      const began = performance.now();
      weather.databaseRestartAt = began;
      restarting = restartDatabase().then(() => {
        weather.databaseRestartMs = performance.now() - began;
      });
      restarting.catch(() => {}); // awaited below
    }
    // A node that was just killed may have none: the next turn tries again.
    if (weather.listenersCut === 0 && weather.databaseRestartMs !== undefined && progress() >= CUT_AT)
      weather.listenersCut = await cutListener().catch(() => 0);
  }
  await restarting;
  return weather;
}

function shuffled<T>(all: T[]): T[] {
  return all
    .map((value) => ({ value, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value);
}
