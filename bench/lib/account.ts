import { randomUUID } from "node:crypto";
import { DEFAULT_COLLECTION } from "@prosopon/core/contract";
import type { Storage } from "@prosopon/service";
import { DEFAULT_SETTINGS } from "../../packages/service/src/storage/rules/collections.ts";
import type { CollectionKey } from "../../packages/service/src/storage/types.ts";

/** Nobody can log in to it until its secret is changed. Returns its collection `default`. */
export async function createAccount(storage: Storage, id: string = randomUUID()): Promise<CollectionKey> {
  await storage.accounts.create(
    { id, clientId: id, name: "Bench", secretHash: "none", disabled: false, createdAt: 1 },
    DEFAULT_SETTINGS,
  );
  return defaultOf(storage, id);
}

export async function createAccounts(storage: Storage, count: number): Promise<CollectionKey[]> {
  const keys: CollectionKey[] = [];
  for (let i = 0; i < count; i++) keys.push(await createAccount(storage));
  return keys;
}

/** The account's collection `default`. */
export async function defaultOf(storage: Storage, accountId: string): Promise<CollectionKey> {
  const collection = await storage.collections.get(accountId, DEFAULT_COLLECTION);
  if (!collection) throw new Error(`There is no account ${accountId}.`);
  return { accountId, collectionId: collection.id };
}
