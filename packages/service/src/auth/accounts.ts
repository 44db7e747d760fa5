import { randomUUID } from "node:crypto";
import { createSecrets, randomToken, type Secrets } from "./secrets.ts";
import { systemClock, type Clock } from "../clock.ts";
import { DEFAULT_SETTINGS } from "../storage/rules/collections.ts";
import {
  DEFAULT_COLLECTION,
  StorageError,
  type Account,
  type CollectionSettings,
  type Storage,
} from "../storage/types.ts";

/** An account without its hash, with the settings of its collection `default`. */
export type AccountView = Omit<Account, "secretHash"> & { settings: CollectionSettings };

/** The one time that a secret is seen. */
export interface Credentials {
  clientId: string;
  secretId: string;
}

export interface Accounts {
  /** Without credentials, random ones are made. @throws StorageError `conflict` when the client id is taken. */
  create(account?: {
    name?: string;
    clientId?: string;
    secretId?: string;
    settings?: Partial<CollectionSettings>;
  }): Promise<AccountView & Credentials>;
  list(): Promise<AccountView[]>;
  /** A new secret; every session of the account ends. @throws StorageError `not-found` */
  rotate(clientId: string, secretId?: string): Promise<Credentials>;
  /** Ends every session; nobody can log in until `enable`. @throws StorageError `not-found` */
  disable(clientId: string): Promise<AccountView>;
  enable(clientId: string): Promise<AccountView>;
  /** Changes the settings of its collection `default`. @throws StorageError `not-found` */
  settings(clientId: string, change: Partial<CollectionSettings>): Promise<AccountView>;
}

/** The accounts of a storage, with or without a service on it. */
export function createAccounts({
  storage,
  clock = systemClock,
  secrets = createSecrets(),
}: {
  storage: Storage;
  clock?: Clock;
  secrets?: Secrets;
}): Accounts {
  const unknown = (clientId: string) =>
    new StorageError("not-found", `no account has the client id ${clientId}: list them first`);

  async function view({ secretHash: _hash, ...account }: Account): Promise<AccountView> {
    const collection = await storage.collections.get(account.id, DEFAULT_COLLECTION);
    return { ...account, settings: collection?.settings ?? DEFAULT_SETTINGS };
  }

  async function change(
    clientId: string,
    update: Parameters<Storage["accounts"]["update"]>[1],
  ): Promise<AccountView> {
    const account = await storage.accounts.byClientId(clientId);
    const changed = account && (await storage.accounts.update(account.id, update));
    if (!changed) throw unknown(clientId);
    return view(changed);
  }

  return {
    async create({ name, clientId = randomToken(16), secretId = randomToken(32), settings } = {}) {
      const account: Account = {
        id: randomUUID(),
        clientId,
        name: name ?? clientId,
        secretHash: await secrets.hash(secretId),
        disabled: false,
        createdAt: clock.now(),
      };
      await storage.accounts.create(account, { ...DEFAULT_SETTINGS, ...settings });
      return { ...(await view(account)), secretId };
    },
    list: async () => Promise.all((await storage.accounts.list()).map(view)),
    async rotate(clientId, secretId = randomToken(32)) {
      await change(clientId, { secretHash: await secrets.hash(secretId) });
      return { clientId, secretId };
    },
    disable: (clientId) => change(clientId, { disabled: true }),
    enable: (clientId) => change(clientId, { disabled: false }),
    async settings(clientId, settings) {
      const account = await storage.accounts.byClientId(clientId);
      const collection = account && (await storage.collections.get(account.id, DEFAULT_COLLECTION));
      if (!collection) throw unknown(clientId);
      const key = { accountId: account.id, collectionId: collection.id };
      await storage.collections.update(key, { settings }, clock.now());
      return view(account);
    },
  };
}
