import { randomUUID } from "node:crypto";
import {
  type Account,
  type Collection,
  type CollectionSettings,
  DEFAULT_COLLECTION,
  StorageError,
} from "../types.ts";

/** Of a collection whose maker says nothing else. */
export const DEFAULT_SETTINGS: CollectionSettings = {
  keepCrops: false,
  guardQuality: "warn",
  guardMixed: "warn",
  guardWrongPerson: "warn",
  guardDuplicate: "warn",
};

/** Why jobs of a deleted collection end Failed. */
export const COLLECTION_GONE = "The collection was deleted before this job was done.";

export const defaultCollection = (account: Account, settings: CollectionSettings): Collection => ({
  id: randomUUID(),
  accountId: account.id,
  name: DEFAULT_COLLECTION,
  settings,
  createdAt: account.createdAt,
  updatedAt: account.createdAt,
});

export const nameTaken = (cause?: unknown): StorageError =>
  new StorageError("conflict", "The account has a collection of this name already. Choose another name.", {
    cause,
  });

export const noCollection = (): StorageError =>
  new StorageError("not-found", "There is no collection with this id or name.");

/** @throws StorageError `conflict` when it is `default` */
export function refuseDefault(name: string, done: "renamed" | "deleted"): void {
  if (name === DEFAULT_COLLECTION)
    throw new StorageError(
      "conflict",
      `The collection ${DEFAULT_COLLECTION} cannot be ${done}: every account has it. ${done === "deleted" ? "Delete its identities instead." : "Create another one under the new name."}`,
    );
}

/** What a change makes of a collection. @throws StorageError `conflict` */
export function changed<T extends Collection>(
  collection: T,
  { name = collection.name, settings = {} }: { name?: string; settings?: Partial<CollectionSettings> },
  now: number,
): T {
  if (name !== collection.name) refuseDefault(collection.name, "renamed");
  return { ...collection, name, settings: { ...collection.settings, ...settings }, updatedAt: now };
}
