import type { Storage } from "@prosopon/service";
import { openPostgresStorage } from "@prosopon/service/postgres";
import pg from "pg";
import { INDEX_RULE } from "../../packages/service/src/storage/postgres/matching/approximate/rule.ts";
import type { Report } from "../bench.ts";
import { fillGallery } from "./gallery.ts";
import { indexByHand, openIndexTier } from "./index-tier.ts";
import { mulberry32 } from "./jobs.ts";
import { bruteForce } from "./truth.ts";
import { byHand, byHandWithIndex, type Recall, recallOf, through, time, type Times } from "./ways.ts";

/** Asked for recall: one half new photos of enrolled people, the other strangers. */
const PROBES = 1_000;
/** Of them, those that are timed. */
const TIMED = 200;
/** Of ten faces, those of the account that is searched. */
const SHARE = 9;
/** Never looks for accounts that should have an index: by its own rule it would drop the one that is tried. */
const NEVER = { checkMs: 2 ** 31 - 1 };

export interface SearchOptions {
  /** Also with the index of a large account, which takes a minute to make for 90,000 faces, and many for 900,000. */
  index: boolean;
  newAccount(storage: Storage): Promise<string>;
}

/** Search among `faces` faces, by every way, beside SQL by hand and against a brute force in this process. */
export async function benchSearch(
  url: string,
  faces: number,
  { index, newAccount }: SearchOptions,
  report: Report,
): Promise<void> {
  const size = faces >= 1_000_000 ? `${faces / 1_000_000}M` : `${faces / 1_000}k`;
  const random = mulberry32(7);
  const client = new pg.Client({ connectionString: url });
  const storages: Storage[] = [];
  // A million faces take their time.
  const say = (what: string) => console.error(`${size} faces: ${what}`);
  const open = async (galleryFaces?: number) => {
    const storage = await openPostgresStorage({
      url,
      indexes: NEVER,
      ...(galleryFaces !== undefined && { galleryFaces }),
    });
    storages.push(storage);
    return storage;
  };
  try {
    const memory = await open();
    await client.connect();
    const id = await newAccount(memory);
    const large = (faces * SHARE) / 10;
    say("writing");
    const { gallery, probes } = await fillGallery(client, id, { faces: large, probes: PROBES, random });
    await fillGallery(client, await newAccount(memory), { faces: faces - large, probes: 2, random });
    for (const table of ["vectors", "faces", "identities"]) await client.query(`VACUUM ANALYZE ${table}`);
    say("brute force");
    const truth = bruteForce(
      gallery,
      probes.map(({ vector }) => vector),
    ).map(gallery.identityId);
    const asked = probes.slice(0, TIMED);
    const rows: Row[] = [];
    const add = (way: string, key: string, times: Times, recall: Recall): void => {
      rows.push({ way, ...shown(times), "recall@1": recall.all, "of the enrolled": recall.known });
      Object.assign(report.figures, figuresOf(`search.${size}.${key}`, times, recall));
    };
    const goal = (name: string, value: number, bound: number, direction: "<=" | ">=", unit: string): void => {
      report.goals.push({ name: `${name} at ${size}`, value, goal: bound, direction, unit });
    };

    say("timing");
    const loadMs = Math.round(await held(() => memory.identities.nearest(id, probes[0]!.vector, 1)));
    const exact = {
      byHand: byHand(client, gallery),
      memory: through(memory, id),
      pgvector: through(await open(0), id),
    };
    const times = await time(exact, asked);
    say("recall");
    const recalls = {
      // The baseline: exact by construction, in single precision.
      byHand: await recallOf(exact.byHand, asked, truth),
      memory: await recallOf(exact.memory, probes, truth),
      pgvector: await recallOf(exact.pgvector, probes, truth),
    };
    add("SQL by hand, exact", "by_hand", times.byHand, recalls.byHand);
    add("Prosopon, from memory", "memory", times.memory, recalls.memory);
    add("Prosopon, pgvector exact", "pgvector", times.pgvector, recalls.pgvector);
    report.figures[`search.${size}.load_ms`] = loadMs;
    for (const way of ["memory", "pgvector"] as const) {
      goal(`search by ${way}, p50 against SQL by hand,`, round(times[way].ratio.all), 1.2, "<=", "x");
      goal(`search by ${way}, p99 against SQL by hand,`, round(times[way].ratio99), 1.2, "<=", "x");
    }
    const recall = Math.min(recalls.memory.all, recalls.pgvector.all);
    goal(`identity-level recall@1, ${PROBES} probes,`, recall, 0.999, ">=", "");

    if (index) {
      say("making and measuring the index");
      const tier = await openIndexTier(url, id, large);
      storages.push(tier.storage);
      const { state, note, measured } = tier.report;
      say(`${state}; timing`);
      const bytes = await indexByHand(client, gallery.account);
      await client.query(`SET hnsw.ef_search = ${measured?.efSearch ?? 200}`);
      const indexed = {
        byHand: exact.byHand,
        index: through(tier.storage, id),
        byHandWithIndex: byHandWithIndex(client, gallery),
      };
      const taken = await time(indexed, asked);
      say("recall");
      const found = await recallOf(indexed.index, probes, truth);
      const foundByHand = await recallOf(indexed.byHandWithIndex, probes, truth);
      add("SQL by hand, exact, beside the index", "by_hand_again", taken.byHand, recalls.byHand);
      add(`Prosopon, index ${state}`, "index", taken.index, found);
      add("SQL by hand, HNSW alone", "by_hand_hnsw", taken.byHandWithIndex, foundByHand);
      report.tables.push({
        title: `The index of the account, made and measured by rule: ${state}${note ? `, ${note}` : ""}`,
        rows: [
          {
            "build s": round(tier.buildSeconds),
            "measuring s": round(tier.measureSeconds),
            MB: round(bytes / 1e6),
            ef_search: measured?.efSearch ?? "",
            "sure from": round(measured?.sure ?? Number.NaN),
            "answered alone, of the enrolled": round(measured?.answered ?? 0),
            "recall@1 at least": round(measured?.recallAt1AtLeast ?? 0, 4),
            "wrong among strangers": measured?.strangerMisses ?? "",
          },
        ],
      });
      Object.assign(report.figures, {
        [`search.${size}.index_serving`]: state === "serving" ? 1 : 0,
        [`search.${size}.index_build_s`]: round(tier.buildSeconds),
        [`search.${size}.index_measure_s`]: round(tier.measureSeconds),
        [`search.${size}.index_bytes`]: bytes,
        ...(measured && {
          [`search.${size}.index_ef_search`]: measured.efSearch,
          [`search.${size}.index_sure`]: measured.sure,
          [`search.${size}.index_answered`]: measured.answered,
          [`search.${size}.index_recall_at_least`]: measured.recallAt1AtLeast,
        }),
      });
      // Smaller accounts never get one.
      if (large >= INDEX_RULE.faces) {
        goal(
          "search by the index, enrolled, p50 against exact SQL by hand,",
          round(taken.index.ratio.known),
          1.2,
          "<=",
          "x",
        );
        goal(
          "search by the index, strangers, p50 against exact SQL by hand,",
          round(taken.index.ratio.strangers),
          1.2,
          "<=",
          "x",
        );
        goal(`identity-level recall@1 by the index, ${PROBES} probes,`, found.all, 0.999, ">=", "");
      }
    }
    report.tables.push({
      title: `Search among ${size} faces in PostgreSQL, ${SHARE} in ten of one account (loading its gallery took ${loadMs} ms); ${TIMED} probes timed, ${PROBES} judged`,
      rows,
    });
  } finally {
    for (const storage of storages) await storage.close();
    await client.end();
  }
}

/**
 * Milliseconds until searches come from memory: the first begins the load, and PostgreSQL answers those that come
 * meanwhile, in several times as long.
 */
async function held(search: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await search();
  const byDatabase = performance.now() - began;
  for (let quick = 0; quick < 3;) {
    const start = performance.now();
    await search();
    quick = performance.now() - start < byDatabase / 2 ? quick + 1 : 0;
  }
  return performance.now() - began;
}

type Row = Record<string, string | number>;

function shown({ p50, p99, ratio }: Times): Row {
  return {
    "p50 ms": round(p50.all),
    "enrolled ms": round(p50.known),
    "strangers ms": round(p50.strangers),
    "p99 ms": round(p99),
    "enrolled, x by hand": round(ratio.known),
    "strangers, x by hand": round(ratio.strangers),
  };
}

function figuresOf(prefix: string, { p50, p99 }: Times, { all, known }: Recall): Record<string, number> {
  return {
    [`${prefix}_p50_ms`]: round(p50.all),
    [`${prefix}_enrolled_p50_ms`]: round(p50.known),
    [`${prefix}_strangers_p50_ms`]: round(p50.strangers),
    [`${prefix}_p99_ms`]: round(p99),
    [`${prefix}_recall`]: all,
    [`${prefix}_enrolled_recall`]: known,
  };
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
