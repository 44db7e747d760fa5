import { resolve } from "node:path";
import { createAccounts, type Accounts, type Storage } from "@prosopon/service";
import type { Logger } from "pino";
import type { Values } from "./config.ts";
import { rereadSecret } from "./secret-files.ts";

/** Where everything but images is kept: PostgreSQL where it is named, else the data directory. */
export type StorageOptions = Values<"data"> &
  Partial<Values<"databaseUrl" | "databaseDirectUrl" | "databaseConnections" | "galleryFaces">> & {
    /** Makes a data directory, or a schema, that is missing or older. Default true. */
    create?: boolean;
  };

/**
 * Loads the driver of that storage, and no other. `exclusive: false` works beside a running server. @throws StorageError `locked`, `unusable`
 */
export async function openStorage(
  options: StorageOptions,
  {
    exclusive,
    readonly = false,
    logger,
  }: { exclusive: boolean; readonly?: boolean; logger?: Logger | undefined },
): Promise<Storage> {
  const { create = true, databaseUrl, databaseDirectUrl, databaseConnections, galleryFaces } = options;
  if (databaseUrl === undefined) {
    const { openSqliteStorage } = await import("@prosopon/service/sqlite");
    return openSqliteStorage({
      directory: resolve(options.data),
      create: create && !readonly,
      exclusive,
      readonly,
      reserve: true,
    });
  }
  const { openPostgresStorage } = await import("@prosopon/service/postgres");
  return openPostgresStorage({
    url: renewable("PROSOPON_DATABASE_URL", databaseUrl),
    ...(databaseDirectUrl !== undefined && {
      directUrl: renewable("PROSOPON_DATABASE_DIRECT_URL", databaseDirectUrl),
    }),
    ...(databaseConnections !== undefined && { connections: databaseConnections }),
    ...(galleryFaces !== undefined && { galleryFaces }),
    migrate: create && !readonly,
    ...(logger && { logger }),
  });
}

/** Of a file it is read again for each connection: the password may have been changed since. */
const renewable = (name: string, url: string): string | (() => string) =>
  process.env[name] === url && process.env[`${name}_FILE`]
    ? () => {
        const now = rereadSecret(name) ?? url;
        return URL.canParse(now) ? now : url;
      }
    : url;

/** The accounts alone: no engine, no worker, and no claim on the directory. */
export async function openAccounts(
  options: StorageOptions,
  { readonly }: { readonly: boolean },
): Promise<{ accounts: Accounts; close(): Promise<void> }> {
  const storage = await openStorage(options, { exclusive: false, readonly });
  return { accounts: createAccounts({ storage }), close: () => storage.close() };
}
