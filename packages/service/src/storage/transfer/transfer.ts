import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { migratePostgres, postgresMigrations } from "../postgres/migrate.ts";
import type { Versions } from "../postgres/requirements.ts";
import { StorageError } from "../types.ts";
import { type Checksum, createChecksum, lineOf } from "./checksum.ts";
import { copyInto } from "./copy.ts";
import { type ImagePlace, imagesToCopy } from "./images.ts";
import { moveImages, verifyImages } from "./move-images.ts";
import { begin, type Beginning, finish, type Found, holdStep, lookAt, saveStep } from "./journal.ts";
import { openSource, type Source } from "./source.ts";
import { copiesOf, keyOf, nameOf, type Table, tables } from "./tables.ts";
import { openTarget, type Target } from "./target.ts";

export interface TransferOptions {
  /** The data directory of an embedded server. No server may run on it. */
  from: string;
  /** `postgres://…`, straight to PostgreSQL: an empty database, or one that this transfer began to fill. */
  to: string;
  /** Where the images of unfinished jobs go. Without it they stay in the directory's `blobs`. */
  images?: ImagePlace;
  /** Changes nothing, also beside a running server: says what would be moved. */
  dryRun?: boolean;
  /** Called often, with the number of rows since the last call. */
  onProgress?: (progress: TransferProgress) => void;
}

export interface TransferProgress {
  stage: "reading" | "moving" | "checking";
  table: string;
  rows: number;
  /** Rows of all stages together. */
  total: number;
}

export interface TransferredTable {
  name: string;
  rows: number;
  /** SHA-256 over the rows in the order of their keys, hexadecimal. */
  source: string;
  /** The same over what PostgreSQL holds; absent when nothing was moved. */
  target?: Checksum;
  /** Id of the first row that differs. */
  differs?: string;
}

export interface TransferReport {
  /** `before`: this very source was moved here by an earlier call. `differs`: what arrived is not what was sent; nodes refuse the target. */
  outcome: "planned" | "moved" | "before" | "differs";
  /** What the target held when the call began. */
  found: Found;
  tables: TransferredTable[];
  images: { count: number; bytes: number };
  database: Versions;
  seconds: number;
}

/**
 * Moves everything of a data directory into a PostgreSQL database. Cut short at any moment, the same call goes on where it
 * was. The source is only read; while the target is in the making no node opens it.
 * @throws StorageError `locked` when a server has the directory; `unusable` when either side is not fit for it.
 */
export async function transferToPostgres(options: TransferOptions): Promise<TransferReport> {
  const { from, to, images, dryRun = false } = options;
  const started = performance.now();
  const source = openSource(from, { lock: !dryRun });
  let target: Target | undefined;
  try {
    const opened = (target = await openTarget(to));
    const { versions, problem } = await postgresMigrations(to);
    if (problem) throw new StorageError("unusable", problem);
    const directory = join(resolve(from), "blobs");
    const copied = await imagesToCopy(source.images, directory, images);
    const progress = counted(source, options);
    const checksums = checksumsOf(source, progress);
    const beginning: Beginning = {
      source: fingerprint(checksums),
      checksums,
      images: images?.name ?? directory,
    };
    let found = await opened.transaction((client) => lookAt(client, beginning));
    if (!dryRun && found !== "finished") {
      // Only now: a database that is refused keeps the schema that its nodes know.
      await migratePostgres(to);
      found = await opened.transaction((client) => begin(client, beginning));
    }
    const report = (outcome: TransferReport["outcome"], moved: TransferredTable[]): TransferReport => ({
      outcome,
      found,
      tables: moved,
      images: {
        count: source.images.length,
        bytes: source.images.reduce((sum, { size }) => sum + size, 0),
      },
      database: versions,
      seconds: (performance.now() - started) / 1_000,
    });
    const planned = tables.map(({ name }) => ({
      name,
      rows: checksums.get(name)!.rows,
      source: checksums.get(name)!.sha256,
    }));
    if (dryRun) return report("planned", planned);
    if (found === "finished") return report("before", planned);

    for (const table of tables) await moveTable(source, opened, table, progress);
    if (images) await moveImages(copied, opened, images.store, directory);

    const moved: TransferredTable[] = [];
    for (const [index, table] of tables.entries()) {
      moved.push({ ...planned[index]!, ...(await verifyTable(source, opened, table, checksums, progress)) });
    }
    if (moved.some(({ differs }) => differs !== undefined)) return report("differs", moved);
    if (images) await verifyImages(copied, images.store, directory);
    await opened.transaction(finish);
    await opened.analyse();
    return report("moved", moved);
  } finally {
    await target?.close();
    source.close();
  }
}

type Tell = (stage: TransferProgress["stage"], table: Table, rows: number) => void;

/** Everything is read once to know it, once to move it, and once more from the target. */
const STAGES = 3;

function counted(source: Source, { onProgress, dryRun }: TransferOptions): Tell {
  if (!onProgress) return () => {};
  const total = tables.reduce((sum, table) => sum + source.count(table), 0) * (dryRun ? 1 : STAGES);
  return (stage, table, rows) => onProgress({ stage, table: table.name, rows, total });
}

function checksumsOf(source: Source, tell: Tell): Map<string, Checksum> {
  return new Map(
    tables.map((table) => {
      const checksum = createChecksum();
      for (const rows of source.batches(table)) {
        checksum.add(rows);
        tell("reading", table, rows.length);
      }
      return [table.name, checksum.end()];
    }),
  );
}

/** What a directory holds is its name: two transfers of it are one. */
function fingerprint(checksums: ReadonlyMap<string, Checksum>): string {
  const hash = createHash("sha256");
  for (const [name, { sha256 }] of checksums) hash.update(`${name} ${sha256}\n`);
  return hash.digest("hex");
}

/** Rows and the place up to which they were moved in one commit. */
async function moveTable(source: Source, target: Target, table: Table, tell: Tell): Promise<void> {
  for (let first = true, done = false; !done; first = false) {
    done = await target.transaction(async (client) => {
      const step = await holdStep(client, table.name);
      if (first) tell("moving", table, step.moved);
      if (step.done) return true;
      const rows = source.rows(table, step.position);
      for (const copy of copiesOf(table, rows)) await copyInto(client, copy);
      const last = rows.at(-1);
      const ended = rows.length < table.batch;
      await saveStep(client, table.name, {
        position: last ? keyOf(table, last) : step.position,
        moved: step.moved + rows.length,
        done: ended,
      });
      tell("moving", table, rows.length);
      return ended;
    });
  }
}

async function verifyTable(
  source: Source,
  target: Target,
  table: Table,
  checksums: ReadonlyMap<string, Checksum>,
  tell: Tell,
): Promise<Pick<TransferredTable, "target" | "differs">> {
  const checksum = createChecksum();
  for await (const rows of target.batches(table)) {
    checksum.add(rows);
    tell("checking", table, rows.length);
  }
  const found = checksum.end();
  if (found.sha256 === checksums.get(table.name)!.sha256) return { target: found };
  return { target: found, differs: await firstDifference(source, target, table) };
}

async function firstDifference(source: Source, target: Target, table: Table): Promise<string> {
  const theirs = target.batches(table);
  for (const ours of source.batches(table)) {
    const found = ((await theirs.next()).value as typeof ours | undefined) ?? [];
    for (let index = 0; index < Math.max(ours.length, found.length); index++) {
      const [a, b] = [ours[index], found[index]];
      if (!a || !b || lineOf(a) !== lineOf(b)) return nameOf(table, (a ?? b)!);
    }
  }
  return "a row that the source has not";
}
