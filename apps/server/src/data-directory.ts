import { chmod, mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { createAccounts, openSqliteStorage, type Accounts, type Storage } from "@prosopon/service";
import { CommandError } from "./errors.ts";

/** `exclusive: false` works beside a running server. @throws StorageError `locked` */
export async function openStorage(data: string, { exclusive }: { exclusive: boolean }): Promise<Storage> {
  const directory = resolve(data);
  try {
    // Faces are nobody else's business: a fresh directory is for its owner alone.
    if (await mkdir(directory, { recursive: true })) await chmod(directory, 0o700);
  } catch (error) {
    throw new CommandError(
      `The data directory ${directory} cannot be made (${(error as Error).message}). Choose another with --data or PROSOPON_DATA.`,
    );
  }
  return openSqliteStorage({ directory, exclusive });
}

/** The accounts alone: no engine, no worker, and no claim on the directory. */
export async function openAccounts(data: string): Promise<{ accounts: Accounts; close(): Promise<void> }> {
  const storage = await openStorage(data, { exclusive: false });
  return { accounts: createAccounts({ storage }), close: () => storage.close() };
}
