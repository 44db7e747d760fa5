import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet, Standing } from "./fleet.ts";
import { type Fault, weather as pass, type Weathered } from "./weathers.ts";

export interface Storm {
  fleet: Fleet;
  /** How far the sending has come, 0..1. */
  progress(): number;
  /** Whether it was a hard restart, and not only cut connections. */
  restartDatabase(): Promise<boolean>;
  /** Cuts the connection by which an API node listens; how many were cut. */
  cutListener(): Promise<number>;
  /** In the order of their beginning; one at a time, and never during the restart. */
  faults: Fault[];
  /** Ends the storm. */
  signal: AbortSignal;
}

export interface Weather {
  /** From the beginning of the killing to its end, ms. */
  ms: number;
  /** How long PostgreSQL's restart took, or the cutting of all connections, ms; undefined when it came to none. */
  databaseRestartMs?: number;
  hardRestarts: number;
  /** performance.now() at its beginning. */
  databaseRestartAt?: number;
  listenersCut: number;
  /** The faults that came and passed. */
  passed: Weathered[];
  /** The one that there is just now. */
  now?: string | undefined;
}

/** One process dies every so often. */
export const KILL_MS = 2_000;
const RESTART_AT = 0.35;
const CUT_AT = 0.65;

/** Kills until it is told to stop. */
export async function rage(
  { fleet, progress, restartDatabase, cutListener, faults, signal }: Storm,
  weather: Weather = calmWeather(),
): Promise<Weather> {
  const waiting = [...faults];
  let passing: Promise<void> | undefined;
  let calm = false;
  let calmMs = 0;
  const start = performance.now();
  let restarting: Promise<void> | undefined;
  while (!signal.aborted) {
    await sleep(KILL_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    if (calm) calmMs += KILL_MS;
    else fleet.kill(victim(fleet.standing()));
    const quiet = passing === undefined && (!restarting || weather.databaseRestartMs !== undefined);
    if (quiet && waiting[0] && progress() >= waiting[0].at) {
      const fault = waiting.shift()!;
      weather.now = fault.name;
      calm = fault.calm ?? false;
      passing = pass(fault, fleet, signal)
        .then(
          (seen) => {
            weather.passed.push(seen);
            weather.now = undefined;
          },
          // It stays in the line of progress, and the goals miss it.
          (error: Error) => void (weather.now = `${fault.name}, which went wrong: ${error.message}`),
        )
        .finally(() => {
          passing = undefined;
          calm = false;
        });
    }
    if (!restarting && passing === undefined && progress() >= RESTART_AT) {
      const began = performance.now();
      weather.databaseRestartAt = began;
      restarting = restartDatabase().then((hard) => {
        if (hard) weather.hardRestarts++;
        weather.databaseRestartMs = performance.now() - began;
      });
      restarting.catch(() => {}); // awaited below
    }
    // A node that was just killed may have none: the next turn tries again.
    if (weather.listenersCut === 0 && weather.databaseRestartMs !== undefined && progress() >= CUT_AT)
      weather.listenersCut = await cutListener().catch(() => 0);
  }
  weather.ms = performance.now() - start - calmMs;
  await restarting;
  await passing;
  return weather;
}

export const calmWeather = (): Weather => ({ ms: 0, hardRestarts: 0, listenersCut: 0, passed: [] });

/** So long a process may serve although it is the last of its role. */
const TURN_MS = 8_000;

/**
 * Anyone, at random, but rather not the last that is ready of its role, nor one that starts while none of its role is:
 * else, where starting takes longer than a round of kills (a busy machine), nobody would ever serve and nothing be tested.
 */
function victim(all: Standing[]): string {
  const readyOf = (role: string) =>
    all.filter((each) => each.role === role && each.readyForMs !== undefined).length;
  const spared = ({ role, readyForMs }: Standing): number => {
    if (readyForMs === undefined) return readyOf(role) === 0 ? 3 : Math.random() < 0.25 ? 0 : 1;
    return readyOf(role) > 1 || readyForMs > TURN_MS ? 0 : 2;
  };
  const ranked = all.map(({ name, ...each }) => ({
    name,
    rank: spared({ name, ...each }) + Math.random() / 2,
  }));
  return ranked.toSorted((a, b) => a.rank - b.rank)[0]!.name;
}
