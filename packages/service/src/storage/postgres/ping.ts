import { StorageError } from "../types.ts";
import type { Database } from "./database.ts";
import { tooNew } from "./requirements.ts";

/** A node that runs while a newer release migrates may be left behind: what is applied then needs more than it knows. */
export async function ping({ probe }: Database): Promise<number> {
  const { now, needs } = await probe();
  const problem = tooNew(needs);
  if (problem !== undefined) throw new StorageError("unusable", problem);
  return now;
}
