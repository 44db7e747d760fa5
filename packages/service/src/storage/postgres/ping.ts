import { StorageError } from "../types.ts";
import type { Database } from "./database.ts";
import { migrations } from "./migrations.generated.ts";

/** A node that runs while a newer release migrates may be left behind: what is applied then needs more than it knows. */
export async function ping({ read }: Database): Promise<number> {
  const [row] = await read<{ now: number; needs: number }>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now, (SELECT coalesce(max(needs), 0) FROM migrations) AS needs`,
  );
  if (row!.needs > migrations.length)
    throw new StorageError(
      "unusable",
      `The database was migrated by a newer Prosopon meanwhile (it asks for schema ${row!.needs}, this one knows ${migrations.length}). Replace this node by that version.`,
    );
  return row!.now;
}
