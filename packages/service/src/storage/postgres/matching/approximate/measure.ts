import type { Leaders } from "../../../../gallery/leaders.ts";
import type { Database } from "../../database.ts";
import { fromSent, toVector } from "../../vector.ts";
import { drawProbes, type Probe } from "./probes.ts";
import { EF_SEARCH, expectedMs, type IndexRule, lowerBound, sureFrom, type Trial } from "./rule.ts";
import { nearestByIndex, settings } from "./search.ts";
import { exactAnswers } from "./truth.ts";

const K = 10;
/** Faces that probes are drawn from, about. */
const SAMPLE = 5_000;
/** Exact scans timed. */
const TIMED = 5;
/** Measurements until one holds; the probes of one that did not are then chosen by, and new ones measured with. */
const ROUNDS = 3;

export interface Measured {
  fit: boolean;
  ef: number;
  sure: number;
  /** New photos of enrolled people, none of which the setting was chosen by, and wrong answers among them. */
  probes: number;
  misses: number;
  recallAt10: number;
  /** Of them, the share that the index answers without an exact scan. */
  answered: number;
  strangers: number;
  strangerMisses: number;
  /** Of a search for an enrolled person, exact scans where needed included; and of an exact scan. */
  indexMs: number;
  exactMs: number;
}

interface Asked extends Probe {
  truth: Leaders;
}

/** Chooses how the index is searched, and measures the choice with other probes. Inside a transaction of one snapshot. */
export async function measureIndex(
  query: Database["read"],
  account: number,
  faces: number,
  rule: IndexRule,
): Promise<Measured> {
  const sample = await query<{ sent: Buffer }>(
    `SELECT vector_send(embedding) AS sent FROM vectors WHERE account = ${account} AND random() < $1 LIMIT ${2 * SAMPLE}`,
    [SAMPLE / Math.max(faces, 1)],
  );
  const enrolled = sample.map(({ sent }) => fromSent(sent));
  const draw = (known: number): Promise<Probe[]> =>
    drawProbes(enrolled, { known, strangers: Math.ceil(known / 3) });
  const ask = async (probes: readonly Probe[]): Promise<Asked[]> => {
    const answers = await exactAnswers(
      query,
      account,
      probes.map(({ vector }) => vector),
      K,
    );
    return probes.map((probe, index) => ({ ...probe, truth: answers[index]! }));
  };

  const asked = await ask([...(await draw(rule.tuning)), ...(await draw(rule.probes))]);
  let tuning = asked.slice(0, rule.tuning + Math.ceil(rule.tuning / 3));
  let fresh = asked.slice(tuning.length);
  const exactMs = await timeExact(query, account, tuning);
  for (let round = 1; ; round++) {
    const { ef, sure } = await choose(query, account, tuning, exactMs);
    const measured = await measure(query, account, fresh, { ef, sure, exactMs });
    const { probes, misses, strangers, strangerMisses, indexMs } = measured;
    const right =
      lowerBound(misses, probes) >= rule.recall && strangerMisses <= (1 - rule.recall) * strangers;
    const fit = right && indexMs <= rule.gain * exactMs;
    if (right || round === ROUNDS) return { ...measured, fit };
    tuning = [...tuning, ...fresh];
    fresh = await ask(await draw(rule.probes));
  }
}

async function choose(
  query: Database["read"],
  account: number,
  asked: readonly Asked[],
  exactMs: number,
): Promise<{ ef: number; sure: number }> {
  let best = { ef: 0, sure: 1, ms: Number.POSITIVE_INFINITY };
  for (const ef of EF_SEARCH) {
    const tried = await trials(query, account, asked, ef);
    const sure = sureFrom(tried);
    const ms = expectedMs(
      tried.filter(({ known }) => known),
      sure,
      exactMs,
    );
    if (ms < best.ms) best = { ef, sure, ms };
  }
  return best;
}

async function measure(
  query: Database["read"],
  account: number,
  asked: readonly Asked[],
  { ef, sure, exactMs }: { ef: number; sure: number; exactMs: number },
): Promise<Omit<Measured, "fit">> {
  const tried = await trials(query, account, asked, ef);
  const missed = tried.filter(({ right, cosine }) => !right && cosine >= sure);
  const known = tried.filter((trial) => trial.known);
  const strangers = tried.length - known.length;
  const strangerMisses = missed.filter((trial) => !trial.known).length;
  const found = known.reduce((sum, trial) => sum + (trial.cosine < sure ? 1 : trial.among), 0);
  return {
    ef,
    sure,
    exactMs,
    probes: known.length,
    misses: missed.length - strangerMisses,
    recallAt10: found / known.length,
    answered: known.filter(({ cosine }) => cosine >= sure).length / known.length,
    strangers,
    strangerMisses,
    indexMs: expectedMs(known, sure, exactMs),
  };
}

interface Tried extends Trial {
  known: boolean;
  /** Share of the true ten that was found. */
  among: number;
}

async function trials(
  query: Database["read"],
  account: number,
  asked: readonly Asked[],
  ef: number,
): Promise<Tried[]> {
  await query(settings(ef));
  const tried: Tried[] = [];
  for (const { vector, known, truth } of asked) {
    const start = performance.now();
    const best = await nearestByIndex({ query }, account, vector, K);
    const ms = performance.now() - start;
    const found = new Set(best.map(({ identity }) => identity));
    const hits = truth.entries.filter(({ identity }) => found.has(identity)).length;
    tried.push({
      known,
      // Incomplete, it is not used.
      cosine: best.length < K ? -1 : best[0]!.value,
      right: best[0]?.identity === truth.entries[0]?.identity,
      among: hits / Math.max(truth.entries.length, 1),
      ms,
    });
  }
  await query("SET LOCAL enable_sort = on");
  return tried;
}

/** Median. */
async function timeExact(query: Database["read"], account: number, asked: readonly Asked[]): Promise<number> {
  const times: number[] = [];
  for (const { vector } of asked.slice(0, TIMED)) {
    const start = performance.now();
    await query("SELECT slot FROM vectors WHERE account = $1 ORDER BY embedding <#> $2::vector LIMIT 50", [
      account,
      toVector(vector),
    ]);
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
