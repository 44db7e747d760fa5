import type { Costs } from "./costs.ts";
import type { Setup, Span } from "./setup.ts";

/** Without the costs, which come from measurements. */
export type Shape = Omit<Setup, "costs">;

export interface Variant {
  key: string;
  title: string;
  change: Partial<Shape>;
  flushMs?: number;
}

export interface Scenario {
  key: string;
  title: string;
  /** Jobs per second. */
  offered: number;
  /** Of each run, what counts: of 1,000 jobs 9 searches are slower than the p99. */
  span: Span;
  base: Shape;
  variants: readonly Variant[];
}

/**
 * Of a cluster in one place, milliseconds: assumptions. A virtual machine's disk, on which the costs were measured, may
 * answer a flush from memory.
 */
export const PLACE = { roundTripMs: 0.3, blobMs: 10, flushMs: 1 };

const one: Shape = {
  seed: 1,
  accounts: 1_000,
  faces: 1e7,
  skew: 0.8,
  enrolments: 0.1,
  apiNodes: 2,
  workers: 2,
  workerCores: 4,
  threads: 4,
  galleryFaces: 2e7,
  databases: 1,
  databaseCores: 4,
  loadFromReplica: false,
  assigned: false,
  splitAbove: Number.POSITIVE_INFINITY,
};
const many: Shape = {
  ...one,
  accounts: 100_000,
  faces: 1e9,
  apiNodes: 16,
  workers: 16,
  galleryFaces: 2e8,
  databaseCores: 16,
};
/** Accounts that are split: a scan of more would have a worker's thread for longer than a photo has. */
const LARGE = 3e6;

export const SCENARIOS: readonly [Scenario, ...Scenario[]] = [
  {
    key: "10M",
    title: "10 million faces in 1,000 accounts",
    offered: 50,
    span: { jobs: 1_000, seconds: 3 },
    base: one,
    variants: [
      { key: "as_is", title: "2 API nodes, 2 workers that hold all accounts", change: {} },
      {
        key: "small_memory",
        title: "the same with `--gallery-faces` as it is by default",
        change: { galleryFaces: 2e6 },
      },
      {
        key: "replica",
        title: "that, loading galleries from a replica",
        change: { galleryFaces: 2e6, loadFromReplica: true },
      },
      {
        key: "assigned_small",
        title: "that, accounts assigned to workers",
        change: { galleryFaces: 2e6, assigned: true },
      },
      { key: "workers", title: "4 workers", change: { workers: 4 } },
      { key: "api", title: "4 API nodes", change: { apiNodes: 4 } },
      { key: "both", title: "4 of each", change: { workers: 4, apiNodes: 4 } },
      {
        key: "log",
        title: "4 of each, a log that flushes in 0.2 ms",
        change: { workers: 4, apiNodes: 4 },
        flushMs: 0.2,
      },
      {
        key: "databases",
        title: "4 of each, 2 databases",
        change: { workers: 4, apiNodes: 4, databases: 2 },
      },
      { key: "all", title: "16 of each", change: { workers: 16, apiNodes: 16 } },
    ],
  },
  {
    key: "1000M",
    title: "1,000 million faces in 100,000 accounts",
    offered: 500,
    span: { jobs: 1_000, seconds: 2 },
    base: many,
    variants: [
      { key: "as_is", title: "16 API nodes, 16 workers that hold 200 million faces each", change: {} },
      { key: "workers", title: "32 workers", change: { workers: 32 } },
      { key: "replica", title: "loading galleries from a replica", change: { loadFromReplica: true } },
      {
        key: "databases",
        title: "8 databases, each with its nodes",
        change: { databases: 8, databaseCores: 4 },
      },
      {
        key: "databases_workers",
        title: "that with 64 workers",
        change: { databases: 8, databaseCores: 4, workers: 64 },
      },
      { key: "assigned", title: "accounts assigned to workers", change: { assigned: true } },
      {
        key: "split",
        title: "assigned, those over 3 million faces split",
        change: { assigned: true, splitAbove: LARGE },
      },
      {
        key: "split_workers",
        title: "that with 32 of each",
        change: { assigned: true, splitAbove: LARGE, workers: 32, apiNodes: 32 },
      },
      {
        key: "split_databases",
        title: "that in 4 databases",
        change: {
          assigned: true,
          splitAbove: LARGE,
          workers: 32,
          apiNodes: 32,
          databases: 4,
          databaseCores: 4,
        },
      },
    ],
  },
  {
    key: "one_10M",
    title: "one account of 10 million faces",
    offered: 5,
    span: { jobs: 1_000, seconds: 4 },
    base: { ...one, accounts: 1 },
    variants: [
      {
        key: "small_memory",
        title: "`--gallery-faces` as it is by default: PostgreSQL scans",
        change: { galleryFaces: 2e6 },
      },
      { key: "as_is", title: "2 workers that hold it", change: {} },
      { key: "workers", title: "4 workers that hold it", change: { workers: 4 } },
      { key: "split", title: "split over 4 workers", change: { workers: 4, splitAbove: LARGE } },
      {
        key: "split_more",
        title: "split over 16 workers",
        change: { workers: 16, apiNodes: 4, splitAbove: LARGE },
      },
      {
        key: "split_log",
        title: "that, with a log that flushes in 0.2 ms",
        change: { workers: 16, apiNodes: 4, splitAbove: LARGE },
        flushMs: 0.2,
      },
    ],
  },
  {
    key: "one_1000M",
    title: "one account of 1,000 million faces",
    offered: 2,
    span: { jobs: 300, seconds: 4 }, // each of thousands of steps
    base: { ...one, accounts: 1, faces: 1e9, workers: 16, databaseCores: 16, galleryFaces: 2e8 },
    variants: [
      { key: "as_is", title: "16 workers, none can hold it: PostgreSQL scans", change: {} },
      { key: "split", title: "split over 16 workers", change: { splitAbove: LARGE } },
      { key: "split_more", title: "split over 64 workers", change: { workers: 64, splitAbove: LARGE } },
    ],
  },
];

export function setupOf(
  { base }: Scenario,
  { change, flushMs }: Variant,
  costs: Costs,
  skew?: number,
): Setup {
  const shape = { ...base, ...change, ...(skew !== undefined && { skew }) };
  return { ...shape, costs: { ...costs, ...PLACE, ...(flushMs !== undefined && { flushMs }) } };
}
