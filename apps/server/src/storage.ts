import { chmod, mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import {
  createAccounts,
  openPostgresStorage,
  openSqliteStorage,
  type Accounts,
  type Storage,
} from "@prosopon/service";
import type { Logger } from "pino";
import type { Values } from "./config.ts";
import { CommandError } from "./errors.ts";

/** Where everything but images is kept: PostgreSQL where it is named, else the data directory. */
export type StorageOptions = Values<"data"> &
  Partial<Values<"databaseUrl" | "databaseDirectUrl" | "databaseConnections" | "galleryFaces">>;

/**
 * `exclusive: false` works beside a running server; `works` where jobs are done: what large accounts need is judged there,
 * by that node's memory. @throws StorageError `locked`, `unusable`
 */
export async function openStorage(
  options: StorageOptions,
  { exclusive, works = false, logger }: { exclusive: boolean; works?: boolean; logger?: Logger | undefined },
): Promise<Storage> {
  const { databaseUrl, databaseDirectUrl, databaseConnections, galleryFaces } = options;
  if (databaseUrl === undefined)
    return openSqliteStorage({
      directory: await prepareDirectory(options.data),
      exclusive,
      reserve: true,
    });
  return openPostgresStorage({
    url: databaseUrl,
    ...(databaseDirectUrl !== undefined && { directUrl: databaseDirectUrl }),
    ...(databaseConnections !== undefined && { connections: databaseConnections }),
    ...(galleryFaces !== undefined && { galleryFaces }),
    ...(!works && { indexes: false as const }),
    ...(logger && { logger }),
  });
}

/** The accounts alone: no engine, no worker, and no claim on the directory. */
export async function openAccounts(
  options: StorageOptions,
): Promise<{ accounts: Accounts; close(): Promise<void> }> {
  const storage = await openStorage(options, { exclusive: false });
  return { accounts: createAccounts({ storage }), close: () => storage.close() };
}

/** The absolute path of the data directory, which is there then. */
export async function prepareDirectory(data: string): Promise<string> {
  const directory = resolve(data);
  try {
    // Faces are nobody else's business: a fresh directory is for its owner alone.
    if (await mkdir(directory, { recursive: true })) await chmod(directory, 0o700);
  } catch (error) {
    throw new CommandError(
      `The data directory ${directory} cannot be made (${(error as Error).message}). Choose another with --data or PROSOPON_DATA.`,
      { cause: error },
    );
  }
  return directory;
}
