import type { Storage } from "@prosopon/service";
import type pg from "pg";
import type { CollectionKey } from "../../packages/service/src/storage/types.ts";
import { embeddingOf } from "../lib/embedding.ts";
import { inLanes } from "./jobs.ts";
import type { Gallery, Probe } from "./gallery.ts";
import { percentile } from "./percentile.ts";

const K = 10;
const ROUNDS = 4;
const WARM_UP = 5;

/** One way of finding out who is nearest; answers with the identity's id. */
export type Way = (probe: Float32Array) => Promise<string | undefined>;

export function through(storage: Storage, key: CollectionKey): Way {
  return async (probe) => (await storage.identities.nearest(key, embeddingOf(probe), K))[0]?.identityId;
}

/** What one would write: the ten nearest faces, joined with their people. */
export function byHand(client: pg.Client, { row, recogniser }: Gallery): Way {
  return async (probe) => {
    const { rows } = await client.query<{ id: string }>(
      `SELECT i.id, f.id AS face, n.distance FROM (
         SELECT slot, identity, embedding <#> $2::vector AS distance FROM vectors WHERE gallery = $1 AND recogniser = $3 ORDER BY embedding <#> $2::vector LIMIT ${K}) n
       JOIN faces f ON f.slot = n.slot JOIN identities i ON i.row = n.identity ORDER BY n.distance`,
      [row, `[${probe.join(",")}]`, recogniser],
    );
    return rows[0]?.id;
  };
}

export interface Recall {
  /** Share of all probes whose nearest identity is the true one; the same of new photos of enrolled people. */
  all: number;
  known: number;
}

/** Every probe, two at a time: not timed. @param truth ids of the nearest identities */
export async function recallOf(
  way: Way,
  probes: readonly Probe[],
  truth: readonly string[],
): Promise<Recall> {
  const right = probes.map(() => false);
  await inLanes(2, probes.length, async (index) => {
    right[index] = (await way(probes[index]!.vector)) === truth[index];
  });
  const share = (hits: boolean[]) => hits.filter(Boolean).length / hits.length;
  return { all: share(right), known: share(right.filter((_, index) => probes[index]!.known)) };
}

export interface Kinds {
  all: number;
  known: number;
  strangers: number;
}

export interface Times {
  /** Milliseconds, over all rounds. */
  p50: Kinds;
  p99: number;
  /** Against the first way: median over the rounds of p50's ratio, and the ratio of p99 over all rounds. */
  ratio: Kinds;
  ratio99: number;
}

interface Timed {
  ms: number;
  known: boolean;
  round: number;
}

/** One search at a time. The ways take turns by rounds of different probes, so that what else the machine does falls on all. */
export async function time<Name extends string>(
  ways: Record<Name, Way>,
  probes: readonly Probe[],
): Promise<Record<Name, Times>> {
  const names = Object.keys(ways) as Name[];
  const times = new Map(names.map((name) => [name, [] as Timed[]]));
  for (const name of names) for (const { vector } of probes.slice(0, WARM_UP)) await ways[name](vector);
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      for (const { vector, known } of probes.filter((_, index) => (index >> 1) % ROUNDS === round)) {
        const start = performance.now();
        await ways[name](vector);
        times.get(name)!.push({ ms: performance.now() - start, known, round });
      }
    }
  }
  const at = (name: Name, percent: number, wanted: (timed: Timed) => boolean) =>
    percentile(
      times
        .get(name)!
        .filter(wanted)
        .map(({ ms }) => ms),
      percent,
    );
  const kinds = (value: (wanted: (timed: Timed) => boolean) => number): Kinds => ({
    all: value(() => true),
    known: value(({ known }) => known),
    strangers: value(({ known }) => !known),
  });
  const [first] = names;
  const figures = (name: Name): Times => ({
    p50: kinds((wanted) => at(name, 50, wanted)),
    p99: at(name, 99, () => true),
    ratio: kinds((wanted) =>
      percentile(
        Array.from({ length: ROUNDS }, (_, round) => {
          const inRound = (timed: Timed) => timed.round === round && wanted(timed);
          return at(name, 50, inRound) / at(first!, 50, inRound);
        }),
        50,
      ),
    ),
    ratio99: at(name, 99, () => true) / at(first!, 99, () => true),
  });
  return Object.fromEntries(names.map((name) => [name, figures(name)])) as Record<Name, Times>;
}
