import { COLLECTION_GONE } from "../storage/rules/collections.ts";
import type { JobInHand, CollectionKey, CollectionSettings, Storage } from "../storage/types.ts";
import { JobFault } from "./fault.ts";

/** Among whose people a job works. */
export function collectionKey({ kind, accountId, payload: { collectionId } }: JobInHand): CollectionKey {
  if (collectionId === undefined) throw new TypeError(`A job of the kind ${kind} names no collection.`);
  return { accountId, collectionId };
}

/** The same with its settings and the number of its faces as they are now. @throws JobFault when it is gone */
export async function collectionOf(
  storage: Pick<Storage, "collections">,
  job: JobInHand,
): Promise<CollectionKey & { settings: CollectionSettings; faces: number }> {
  const key = collectionKey(job);
  const collection = await storage.collections.get(key.accountId, key.collectionId);
  if (!collection) throw new JobFault(COLLECTION_GONE);
  return { ...key, settings: collection.settings, faces: collection.faces };
}
