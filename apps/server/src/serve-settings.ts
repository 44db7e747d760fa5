import { STORAGE_SETTINGS, type Values } from "./config.ts";
import { s3Options } from "./s3-options.ts";
import { UsageError } from "./errors.ts";

export const SERVE_SETTINGS = [
  "role",
  "port",
  "host",
  "trustedProxies",
  "connectionsPerAddress",
  ...STORAGE_SETTINGS,
  "demo",
  "clientId",
  "secretId",
  "threads",
  "maxPixels",
  "decodeMemory",
  "unfinishedJobs",
  "pendingBytes",
  "minFreeSpace",
  "uploadsAtOnce",
  "maxIdentities",
  "maxFaces",
  "drainSeconds",
  "logLevel",
  "json",
] as const;

export type ServeOptions = Values<(typeof SERVE_SETTINGS)[number]>;

/** Before anything is opened. @throws UsageError when nodes that are to work together could not. */
export function checkSettings({ role, databaseUrl, databaseDirectUrl, blobs }: ServeOptions): void {
  if (databaseDirectUrl !== undefined && databaseUrl === undefined)
    throw new UsageError(
      "--database-direct-url is another way to the same database: give --database-url (PROSOPON_DATABASE_URL) too.",
    );
  if (blobs !== undefined) s3Options(blobs);
  if (role === "all") return;
  if (databaseUrl === undefined)
    throw new UsageError(
      `--role ${role} needs a database: a single process has no roles. Leave --role out, or give --database-url (PROSOPON_DATABASE_URL).`,
    );
  if (blobs === undefined)
    throw new UsageError(
      `--role ${role} needs --blobs (PROSOPON_BLOBS): a directory that all nodes see, or s3://bucket. What one node receives another works on.`,
    );
}
