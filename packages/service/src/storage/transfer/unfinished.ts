import type { Database } from "../postgres/database.ts";
import { StorageError } from "../types.ts";

/** A database that is being filled looks like one that has lost most of its people. @throws StorageError `unusable` */
export async function refuseUnfinishedTransfer({ read }: Pick<Database, "read">): Promise<void> {
  const [known] = await read<{ there: boolean }>("SELECT to_regclass('transfers') IS NOT NULL AS there");
  if (!known?.there) return;
  const unfinished = await read("SELECT 1 FROM transfers WHERE finished_at IS NULL");
  if (unfinished.length === 0) return;
  throw new StorageError(
    "unusable",
    "A transfer into this database is unfinished. Run `prosopon migrate-data` to its end, with the directory it began with, before a server starts on it.",
  );
}
