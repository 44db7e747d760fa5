import type { Plan } from "./cluster.ts";
import { createRandom, type Random } from "./random.ts";
import type { Setup } from "./setup.ts";

/**
 * What each worker holds after a long time, the newest use last, by Che's approximation: with room for so many faces an
 * account stays for one time T, the same for all, after each search; so it is held when its last search, an exponential
 * time ago at the rate of its load, was not longer ago than T.
 */
export function holdings(
  setup: Setup,
  { sizes, databaseOf, workerOf }: Pick<Plan, "sizes" | "databaseOf" | "workerOf">,
): number[][] {
  const random = createRandom(setup.seed);
  const perDatabase = Math.max(1, Math.floor(setup.workers / setup.databases));
  const largest = Math.min(setup.splitAbove, setup.galleryFaces);
  return Array.from({ length: setup.databases }, (_, database) => {
    const own = [...sizes.keys()].filter(
      (account) => databaseOf[account] === database && sizes[account]! <= largest,
    );
    if (!setup.assigned) {
      const time = characteristicTime(own, sizes, setup.galleryFaces);
      return Array.from({ length: perDatabase }, () => recent(own, sizes, time, random));
    }
    const groups = Map.groupBy(own, (account) => workerOf[account]!);
    return Array.from({ length: perDatabase }, (_, worker) => {
      const group = groups.get(worker) ?? [];
      return recent(group, sizes, characteristicTime(group, sizes, setup.galleryFaces), random);
    });
  }).flat();
}

/** Rates are faces, as load goes with them. Found by halving; Infinity where there is room for all. */
function characteristicTime(accounts: number[], sizes: Float64Array, capacity: number): number {
  const expected = (time: number) =>
    accounts.reduce((sum, account) => sum + sizes[account]! * (1 - Math.exp(-sizes[account]! * time)), 0);
  if (expected(Infinity) <= capacity) return Infinity;
  let [low, high] = [1e-12, 1];
  for (let step = 0; step < 40; step++) {
    const middle = Math.sqrt(low * high);
    if (expected(middle) > capacity) high = middle;
    else low = middle;
  }
  return low;
}

function recent(accounts: number[], sizes: Float64Array, time: number, random: Random): number[] {
  return accounts
    .map((account) => ({ account, age: random.gap(sizes[account]!) / 1_000 }))
    .filter(({ age }) => age <= time)
    .sort((a, b) => b.age - a.age)
    .map(({ account }) => account);
}
