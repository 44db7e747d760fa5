import type { Storage } from "@prosopon/service";
import { openPostgresStorage } from "@prosopon/service/postgres";
import pg from "pg";
import type { Report } from "../bench.ts";
import { createAccount } from "../lib/account.ts";
import { recogniser } from "../lib/embedding.ts";
import { fillGallery } from "./gallery.ts";
import { mulberry32 } from "./jobs.ts";
import { bruteForce } from "./truth.ts";
import { byHand, type Recall, recallOf, through, time, type Times } from "./ways.ts";

/** Asked for recall: one half new photos of enrolled people, the other strangers. */
const PROBES = 1_000;
/** Of them, those that are timed. */
const TIMED = 200;
/** Of ten faces, those of the gallery that is searched. */
const SHARE = 9;
/** Search among `faces` faces, by every way, beside SQL by hand and against a brute force in this process. */
export async function benchSearch(url: string, faces: number, report: Report): Promise<void> {
  const size = faces >= 1_000_000 ? `${faces / 1_000_000}M` : `${faces / 1_000}k`;
  const random = mulberry32(7);
  const client = new pg.Client({ connectionString: url });
  const storages: Storage[] = [];
  // A million faces take their time.
  const say = (what: string) => console.error(`${size} faces: ${what}`);
  const open = async (galleryFaces?: number) => {
    const storage = await openPostgresStorage({
      url,
      ...(galleryFaces !== undefined && { galleryFaces }),
    });
    storages.push(storage);
    return storage;
  };
  try {
    const memory = await open();
    await client.connect();
    await memory.recognisers.register(recogniser);
    const key = await createAccount(memory);
    const large = (faces * SHARE) / 10;
    say("writing");
    const { gallery, probes } = await fillGallery(client, key, { faces: large, probes: PROBES, random });
    await fillGallery(client, await createAccount(memory), { faces: faces - large, probes: 2, random });
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
    const exact = {
      byHand: byHand(client, gallery),
      memory: through(memory, key),
      pgvector: through(await open(0), key),
    };
    const loadMs = Math.round(await held(() => exact.memory(probes[0]!.vector)));
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
