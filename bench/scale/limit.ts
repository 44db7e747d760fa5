import type { Plan } from "./cluster.ts";
import { type Outcome, run } from "./run.ts";
import type { Span } from "./setup.ts";

export interface Limit {
  /** The largest load that was kept, jobs per second, and how it went; undefined where none was. */
  kept?: Outcome | undefined;
  /** The smallest that was not; the one offered where none was kept. */
  broken: Outcome;
}

/** Loads are tried up to this factor apart. */
const PRECISION = 1.2;
/** No load is kept where not even this part of the one offered is. */
const LEAST = 1 / 64;

const keeps = ({ p99, done, offered }: Outcome, boundMs: number) => p99 <= boundMs && done >= 0.95 * offered;

/**
 * Raises the load until the p99 of searches leaves its bound, or jobs come faster than they end; lowers it where it was
 * too much. @param at how the load offered went
 */
export function findLimit(plan: Plan, from: number, at: Outcome, boundMs: number, span: Span): Limit {
  let kept: Outcome | undefined;
  let broken: Outcome | undefined;
  let [low, high] = [0, Infinity];
  for (let [load, outcome] = [from, at]; ; outcome = run(plan, load, span)) {
    if (keeps(outcome, boundMs)) [kept, low] = [outcome, load];
    else [broken, high] = [outcome, load];
    if (broken && high / low < PRECISION) return { kept, broken };
    // What ends it shows best at the load that was asked for.
    if (high < from * LEAST) return { broken: at };
    load = low === 0 ? high / 4 : high === Infinity ? low * 2 : Math.sqrt(low * high);
  }
}
