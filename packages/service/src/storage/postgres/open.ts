import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { inSteps } from "../../turns.ts";
import type { Storage } from "../types.ts";
import { createAccounts } from "./accounts.ts";
import { createCollections } from "./collections/collections.ts";
import { createDeleteCollection } from "./collections/delete.ts";
import { createContext } from "./context.ts";
import { createDatabase } from "./database.ts";
import { createErasure } from "./erasure/erasure.ts";
import { createEvents } from "./events.ts";
import { createFaces, createInsertFaces } from "./faces.ts";
import { createFeed } from "./feed/feed.ts";
import { createIdentities } from "./identities/identities.ts";
import { createJobs } from "./jobs/jobs.ts";
import { GALLERY_FACES } from "./matching/galleries.ts";
import { createMatching } from "./matching/matching.ts";
import { expectMigrated, migratePostgres } from "./migrate.ts";
import { ping } from "./ping.ts";
import { createSessions } from "./sessions.ts";
import { createUploads } from "./uploads.ts";
import { refuseUnfinishedTransfer } from "../transfer/unfinished.ts";
import type { Address } from "./address.ts";

/** Ids of images read in one step. */
const STEP = 5_000;

export interface PostgresOptions {
  /** May lead through a pooler in transaction mode. */
  url: Address;
  /** Where to listen for notifications, migrate and maintain, where `url` leads through a pooler: straight to PostgreSQL. */
  directUrl?: Address;
  /** Connections at most, beside the one that listens and, now and then, one for VACUUM. Default 10. */
  connections?: number;
  /** Faces held in memory for exact search, about 150 bytes each; galleries beyond are searched by PostgreSQL. Default 2,000,000; 0 holds none. */
  galleryFaces?: number;
  /** Default true. False leaves the schema as it is, and refuses one that is not up to date. */
  migrate?: boolean;
  /** Told what fails in the background. Silent without one. */
  logger?: Logger;
}

/**
 * The back-end for many nodes: any number of them may open the same database. Brings the schema up to date first, unless told not to.
 * @throws StorageError `away` when the database cannot be reached; `unusable` when it refuses this user, lacks pgvector 0.8, was migrated by a version too new, or is being filled by a transfer.
 */
export async function openPostgresStorage({
  url,
  directUrl = url,
  connections = 10,
  galleryFaces = GALLERY_FACES,
  migrate = true,
  logger,
}: PostgresOptions): Promise<Storage> {
  await (migrate ? migratePostgres(directUrl) : expectMigrated(directUrl));
  const database = createDatabase(url, connections, { logger });
  await refuseUnfinishedTransfer(database).catch(async (error: unknown) => {
    await database.end();
    throw error;
  });
  const context = createContext(database);
  const feed = await createFeed(database, directUrl);
  const events = createEvents(context, feed);
  const erasure = createErasure(context, directUrl, { logger });
  const matching = createMatching(context, galleryFaces);
  const identities = createIdentities(context, events, erasure, matching);
  let closing: Promise<void> | undefined;

  return {
    accounts: createAccounts(context),
    collections: {
      ...createCollections(context),
      ...createDeleteCollection(context, events, identities.delete),
    },
    recognisers: { register: context.recognisers.register, list: context.recognisers.list },
    sessions: createSessions(context),
    jobs: createJobs(context, events, feed, createInsertFaces(context)),
    identities,
    faces: createFaces(context, erasure),
    uploads: createUploads(context),
    events: { since: events.since, head: events.head, listen: feed.listen, onDue: feed.onDue },
    async referencedBlobs() {
      const all = new Set<string>();
      // job_blobs_blob and uploads_blob, in their order.
      for (const table of ["job_blobs", "uploads"]) {
        let last = "";
        await inSteps(async () => {
          const rows = await database.read<{ blob_id: string }>(
            `SELECT DISTINCT blob_id FROM ${table} WHERE blob_id > $1 ORDER BY blob_id LIMIT $2`,
            [last, STEP],
          );
          for (const { blob_id } of rows) all.add(blob_id);
          last = rows.at(-1)?.blob_id ?? last;
          return rows.length === STEP;
        });
      }
      return all;
    },
    async secret(name, bytes) {
      return database.transaction(
        async ({ query }) => {
          await query("INSERT INTO secrets (name, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
            name,
            typeof bytes === "number" ? randomBytes(bytes) : Buffer.from(bytes),
          ]);
          const [row] = await query<{ bytes: Buffer }>("SELECT bytes FROM secrets WHERE name = $1", [name]);
          return Uint8Array.from(row!.bytes);
        },
        { repeatable: true },
      );
    },
    async databaseId() {
      // The cluster's number is new with initdb, the database's with CREATE DATABASE; renaming changes neither.
      const [row] = await database.read<{ id: string; name: string }>(
        `SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || oid AS id, datname AS name
         FROM pg_database WHERE datname = current_database()`,
      );
      return { id: `postgresql/${row!.id}`, name: row!.name };
    },
    async secrets(prefix) {
      const rows = await database.read<{ name: string; bytes: Buffer }>(
        "SELECT name, bytes FROM secrets WHERE starts_with(name, $1)",
        [prefix],
      );
      return rows.map(({ name, bytes }) => ({ name, bytes: Uint8Array.from(bytes) }));
    },
    async forgetSecrets(names) {
      await database.transaction(
        async ({ query }) => void (await query("DELETE FROM secrets WHERE name = ANY($1)", [names])),
        { repeatable: true },
      );
    },
    ping: () => ping(database),
    settle: () => erasure.settle(),
    close() {
      closing ??= (async () => {
        await feed.close();
        await erasure.stop();
        matching.close();
        await database.end();
      })();
      return closing;
    },
  };
}
