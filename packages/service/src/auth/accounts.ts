import { randomUUID } from "node:crypto";
import { createSecrets, randomToken, type Secrets } from "./secrets.ts";
import { systemClock, type Clock } from "../clock.ts";
import { StorageError, type Account, type AccountSettings, type Storage } from "../storage/types.ts";

/** An account without its hash. */
export type AccountView = Omit<Account, "secretHash">;

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
    settings?: Partial<AccountSettings>;
  }): Promise<AccountView & Credentials>;
  list(): Promise<AccountView[]>;
  /** A new secret; every session of the account ends. @throws StorageError `not-found` */
  rotate(clientId: string, secretId?: string): Promise<Credentials>;
  /** Ends every session; nobody can log in until `enable`. @throws StorageError `not-found` */
  disable(clientId: string): Promise<AccountView>;
  enable(clientId: string): Promise<AccountView>;
  /** @throws StorageError `not-found` */
  settings(clientId: string, change: Partial<AccountSettings>): Promise<AccountView>;
}

const withoutHash = ({ secretHash: _hash, ...view }: Account): AccountView => view;

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
  async function change(
    clientId: string,
    update:
      | Parameters<Storage["accounts"]["update"]>[1]
      | ((account: Account) => Parameters<Storage["accounts"]["update"]>[1]),
  ) {
    const account = await storage.accounts.byClientId(clientId);
    const changed =
      account &&
      (await storage.accounts.update(account.id, typeof update === "function" ? update(account) : update));
    if (!changed)
      throw new StorageError("not-found", `no account has the client id ${clientId}: list them first`);
    return withoutHash(changed);
  }

  return {
    async create({ name, clientId = randomToken(16), secretId = randomToken(32), settings } = {}) {
      const account: Account = {
        id: randomUUID(),
        clientId,
        name: name ?? clientId,
        secretHash: await secrets.hash(secretId),
        settings: { keepCrops: false, refuseMixedIdentities: false, ...settings },
        disabled: false,
        createdAt: clock.now(),
      };
      await storage.accounts.create(account);
      return { ...withoutHash(account), secretId };
    },
    list: async () => (await storage.accounts.list()).map(withoutHash),
    async rotate(clientId, secretId = randomToken(32)) {
      await change(clientId, { secretHash: await secrets.hash(secretId) });
      return { clientId, secretId };
    },
    disable: (clientId) => change(clientId, { disabled: true }),
    enable: (clientId) => change(clientId, { disabled: false }),
    settings: (clientId, settings) =>
      change(clientId, (account) => ({ settings: { ...account.settings, ...settings } })),
  };
}
