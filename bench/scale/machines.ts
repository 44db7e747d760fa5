import type { Parameters } from "./parameters.ts";
import type { Setup } from "./setup.ts";

/** What a unit costs in a month, in whatever money: assumptions, not quotes. */
export interface Prices {
  core: number;
  gbMemory: number;
  gbDisk: number;
}

export const PRICES: Prices = { core: 25, gbMemory: 3, gbDisk: 0.1 };

export interface Machines {
  cores: number;
  memoryGb: number;
  diskGb: number;
  logGbADay: number;
  /** A month. */
  money: number;
}

/** At rest, without galleries (docs/operations.md gives each node room beyond what was read: 105 and 260 MB). */
const API_GB = 0.5;
const WORKER_GB = 1;
/** Assumption: PostgreSQL's own and the system's cache hold a quarter of the data. */
const CACHED = 0.25;
const DATABASE_GB = 4;
/** The primary, and one to take over. */
const COPIES = 2;
const GB = 1e9;
const SECONDS_A_DAY = 86_400;

export function machinesOf(
  setup: Setup,
  { bytes }: Pick<Parameters, "bytes">,
  { jobsPerSecond, prices }: { jobsPerSecond: number; prices: Prices },
): Machines {
  const { workers, databases, faces } = setup;
  const cores = setup.apiNodes + workers * setup.workerCores + COPIES * databases * setup.databaseCores;
  // Assigned or split, each face is in one worker's memory; else in every worker's of its database, as far as there is room.
  const apart = setup.assigned || setup.splitAbove < faces;
  const held = Math.min(setup.galleryFaces, faces / databases / (apart ? workers / databases : 1));
  const data = (faces * bytes.disk) / GB;
  const memoryGb =
    setup.apiNodes * API_GB +
    workers * (WORKER_GB + (held * bytes.memory) / GB) +
    COPIES * Math.max(databases * DATABASE_GB, CACHED * data);
  const log = bytes.searchLog * (1 - setup.enrolments) + bytes.enrolmentLog * setup.enrolments;
  const logGbADay = (jobsPerSecond * SECONDS_A_DAY * log) / GB;
  const diskGb = COPIES * (data + logGbADay);
  const money = cores * prices.core + memoryGb * prices.gbMemory + diskGb * prices.gbDisk;
  return { cores, memoryGb, diskGb, logGbADay, money };
}
