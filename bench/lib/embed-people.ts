import { createEngine } from "@prosopon/engine";
import { nearestToCentre, readLfw } from "./lfw.ts";

const THREADS = 2;

/** By person: an embedding of each photo. */
export async function embedPeople(folder: string): Promise<Float32Array[][]> {
  const { photos } = await readLfw(folder);
  const engine = createEngine({ threads: THREADS });
  const embedded = await Promise.all(
    photos.map(async ({ person, path }) => {
      const analysis = await engine.analyse({ path }, { embed: "all" });
      return { person, values: nearestToCentre(analysis.faces, analysis)?.embedding?.values };
    }),
  );
  await engine.close();
  const people = Map.groupBy(
    embedded.filter((one): one is { person: string; values: Float32Array } => one.values !== undefined),
    ({ person }) => person,
  );
  return [...people.values()].map((of) => of.map(({ values }) => values));
}

/** Repeatable: Fisher and Yates with a linear congruential generator. */
export function shuffled<T>(all: readonly T[], seed: number): T[] {
  const order = [...all];
  let state = seed * 2_654_435_761;
  for (let at = order.length - 1; at > 0; at--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (at + 1);
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}
