import { StorageError } from "../types.ts";
import type { Database } from "./database.ts";
import { tooNew } from "./requirements.ts";

/** A node that runs while a newer release migrates may be left behind: what is applied then needs more than it knows. */
export async function ping({ read }: Database): Promise<number> {
  const [row] = await read<{ now: number; needs: number }>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now, (SELECT coalesce(max(needs), 0) FROM migrations) AS needs`,
  );
  const problem = tooNew(row!.needs);
  if (problem !== undefined) throw new StorageError("unusable", problem);
  return row!.now;
}
