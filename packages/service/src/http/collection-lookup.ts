import { unknownId } from "../input/unknown-id.ts";
import { DEFAULT_COLLECTION, type Storage } from "../storage/types.ts";

/** Finds the collections that requests name. */
export interface CollectionLookup {
  /** By id or name; `default` where none is named. @throws StorageError `not-found` */
  idOf(accountId: string, idOrName: string | undefined): Promise<string>;
}

export function createCollectionLookup({ collections }: Pick<Storage, "collections">): CollectionLookup {
  /** Of accounts, which are never deleted; nor are these. */
  const defaults = new Map<string, string>();

  return {
    async idOf(accountId, idOrName = DEFAULT_COLLECTION) {
      const known = idOrName === DEFAULT_COLLECTION ? defaults.get(accountId) : undefined;
      if (known) return known;
      const collection = await collections.get(accountId, idOrName);
      if (!collection) throw unknownId("collection", idOrName);
      if (collection.name === DEFAULT_COLLECTION) defaults.set(accountId, collection.id);
      return collection.id;
    },
  };
}
