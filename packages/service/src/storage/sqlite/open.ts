import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { ensureDirectory, whyUnusable } from "../../directory.ts";
import { inSteps } from "../../turns.ts";
import { type Storage, StorageError } from "../types.ts";
import { createAccounts } from "./accounts.ts";
import { administrationOnly } from "./administration.ts";
import { connect } from "./connect.ts";
import { createCollections } from "./collections/collections.ts";
import { createDeleteCollection } from "./collections/delete.ts";
import { createContext } from "./context.ts";
import { createEraseUploads } from "./erase-uploads.ts";
import { createErasure } from "./erasure.ts";
import { createEvents } from "./events.ts";
import { createFaces } from "./faces.ts";
import { createIdentities } from "./identities/identities.ts";
import { createEndJob } from "./jobs/end.ts";
import { createForgetIdentity } from "./jobs/forget.ts";
import { createJobs } from "./jobs/jobs.ts";
import { createForgetMentions } from "./jobs/mentions.ts";
import { explain, isFull, withRoom } from "./full.ts";
import { lockDirectory } from "./lock.ts";
import { isUpToDate, migrate } from "./migrate.ts";
import { createReserve, dropReserve, noReserve, type Reserve } from "./reserve.ts";
import { createSessions } from "./sessions.ts";
import { createUploads } from "./uploads.ts";

/** Ids of images read in one step. */
const BATCH = 5_000;

export interface SqliteOptions {
  /** The data directory. On a local disk: network file systems lock unreliably. */
  directory: string;
  /** Makes the directory and the data when they are missing. Default true, except where `readonly`. */
  create?: boolean;
  /** Default true: one server a directory. False opens beside it, for accounts and for reading. */
  exclusive?: boolean;
  /** Changes nothing, makes nothing; implies `exclusive: false`. */
  readonly?: boolean;
  /** Sets some room aside in the directory (16 MiB, a twelfth of a small disk), for deleting and sweeping on a full disk. Default false. */
  reserve?: boolean;
}

/**
 * The embedded back-end: one SQLite file, and the vectors again in memory for the search.
 * @throws StorageError `locked` when another server has the directory; `full` when its disk is; `unusable` when it cannot be read or is too new.
 */
export async function openSqliteStorage(options: SqliteOptions): Promise<Storage> {
  const { directory, readonly = false, exclusive = !readonly, create = !readonly } = options;
  const path = join(directory, "prosopon.db");
  if (!create && !existsSync(path))
    throw new StorageError(
      "unusable",
      `There is no Prosopon data in ${directory}. Name the directory that \`serve\` was given.`,
    );
  if (!readonly) prepareDirectory(directory, path);

  const lock = exclusive && !readonly ? lockDirectory(directory, join(directory, "lock.db")) : undefined;
  const open = () => {
    const db = connect(path, readonly);
    try {
      if (lock) migrate(db);
      else if (!isUpToDate(db)) migrateAlone(db, directory, readonly);
      if (lock) expireLeases(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  };
  let db: Database.Database;
  try {
    db = lock ? withRoom([() => dropReserve(directory)], open) : open();
  } catch (error) {
    lock?.release();
    throw explain(error);
  }
  const reserve = lock && options.reserve ? createReserve(directory) : noReserve;
  const storage = compose(db, reserve, () => lock?.release());
  return lock ? storage : administrationOnly(storage);
}

/** Of a directory that is there already, its owner has chosen the mode. @throws StorageError */
function prepareDirectory(directory: string, path: string): void {
  try {
    ensureDirectory(directory);
    for (const file of [path, join(directory, "lock.db")]) {
      // Never opened when it exists: closing any descriptor of a file drops this process's POSIX locks on it.
      if (!existsSync(file)) writeFileSync(file, "", { mode: 0o600 });
    }
  } catch (error) {
    if (isFull(error)) throw explain(error);
    throw new StorageError(
      "unusable",
      `The data directory ${directory} cannot be used: ${whyUnusable(error)}. Choose another, or fix that.`,
      { cause: error },
    );
  }
}

/**
 * Whoever held a lease is dead, or we would not have the directory: its jobs are due now, not when their half minute is over.
 * So is what waits for its next try: the clock that its back-off was counted by may have been set back since.
 */
function expireLeases(db: Database.Database): void {
  // Along jobs_due, not through all the jobs that have ended.
  db.exec("UPDATE jobs SET due_at = 0 WHERE due_at > 0");
}

/** Without the lock, a schema may only be changed while no server is there. */
function migrateAlone(db: Database.Database, directory: string, readonly: boolean): void {
  if (readonly)
    throw new StorageError(
      "unusable",
      `The data in ${directory} is of an older version. Start the server once to bring it up to date.`,
    );
  const lock = lockDirectory(directory, join(directory, "lock.db"));
  try {
    migrate(db);
  } finally {
    lock.release();
  }
}

function compose(db: Database.Database, reserve: Reserve, release: () => void): Storage {
  const erasure = createErasure(db, reserve);
  // What a killed process left in the log.
  if (!db.readonly) erasure.schedule();
  const context = createContext(db, erasure, reserve);
  const events = createEvents(context);
  const faces = createFaces(context);
  const endJob = createEndJob(context, events);
  const forgetMentions = createForgetMentions(context);
  const eraseUploads = createEraseUploads(context, endJob);
  const collections = createCollections(context);
  const identities = createIdentities(
    context,
    faces,
    createForgetIdentity(context, endJob, forgetMentions, eraseUploads),
    forgetMentions,
  );
  // job_blobs_blob and uploads_blob, in their order.
  const referenced = ["job_blobs", "uploads"].map((table) =>
    db
      .prepare<[string, number], string>(
        `SELECT DISTINCT blob_id FROM ${table} WHERE blob_id > ? ORDER BY blob_id LIMIT ?`,
      )
      .pluck(),
  );
  const insertSecret = db.prepare("INSERT INTO secrets (name, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING");
  const secret = db.prepare<[string], Buffer>("SELECT bytes FROM secrets WHERE name = ?").pluck();
  const secrets = db.prepare<[string, string], { name: string; bytes: Buffer }>(
    "SELECT name, bytes FROM secrets WHERE substr(name, 1, length(?)) = ?",
  );
  const forgetSecret = db.prepare("DELETE FROM secrets WHERE name = ?");

  const makeSecret = (name: string, bytes: number | Uint8Array): Uint8Array =>
    context.transaction(() => {
      insertSecret.run(name, typeof bytes === "number" ? randomBytes(bytes) : bytes);
      return new Uint8Array(secret.get(name)!);
    });

  return {
    accounts: createAccounts(context, collections),
    collections: {
      create: collections.create,
      get: collections.get,
      list: collections.list,
      update: collections.update,
      ...createDeleteCollection(context, endJob, identities.delete),
    },
    recognisers: {
      async register(recogniser) {
        context.transaction(() => context.recognisers.register(recogniser));
      },
      list: context.recognisers.list,
    },
    sessions: createSessions(context),
    jobs: createJobs(context, events, faces, endJob),
    identities,
    faces: { get: faces.get, crop: faces.crop, delete: faces.delete },
    uploads: createUploads(context, eraseUploads),
    events: { since: events.since, head: events.head, listen: events.listen, onDue: events.onDue },
    async referencedBlobs() {
      const all = new Set<string>();
      for (const page of referenced) {
        let last = "";
        await inSteps(() => {
          const blobIds = page.all(last, BATCH);
          for (const blobId of blobIds) all.add(blobId);
          last = blobIds.at(-1) ?? last;
          return blobIds.length === BATCH;
        });
      }
      return all;
    },
    secret: async (name, bytes) => makeSecret(name, bytes),
    async secrets(prefix) {
      return secrets.all(prefix, prefix).map(({ name, bytes }) => ({ name, bytes: new Uint8Array(bytes) }));
    },
    async databaseId() {
      const id = Buffer.from(makeSecret("database", 16)).toString("base64url");
      return { id: `sqlite/${id}`, name: "a data directory" };
    },
    async forgetSecrets(names) {
      context.transaction(() => names.forEach((name) => forgetSecret.run(name)));
    },
    async ping() {
      db.prepare("SELECT 1").get();
      return Date.now();
    },
    settle: () => erasure.settle(),
    async close() {
      if (!db.open) return;
      await reserve.close();
      if (!db.open) return;
      erasure.stop();
      context.gallery.close();
      db.close();
      release();
    },
  };
}
