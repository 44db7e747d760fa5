import type { Client } from "@prosopon/core";
import { isUnsupported } from "../upstream.ts";
import type { Hub } from "./hub.ts";

export interface Hubs {
  /** Undefined for a server without events. */
  of(client: Client): Promise<Hub | undefined>;
  close(): void;
}

/** Hubs by account, as the server itself names it: what a token says of itself is not proof. */
export function createHubs(createHub: (onIdle: () => void) => Hub): Hubs {
  const hubs = new Map<string, Hub>();
  const accounts = new WeakMap<Client, Promise<string | undefined>>();

  const accountOf = (client: Client): Promise<string | undefined> => {
    let account = accounts.get(client);
    if (!account) {
      account = client.account().then(
        ({ client_id }) => client_id,
        (error: unknown) => {
          if (isUnsupported(error)) return undefined;
          accounts.delete(client);
          throw error;
        },
      );
      accounts.set(client, account);
    }
    return account;
  };

  return {
    async of(client) {
      const account = await accountOf(client);
      if (account === undefined) return undefined;
      let hub = hubs.get(account);
      if (!hub) {
        const made = createHub(() => {
          if (hubs.get(account) === made) hubs.delete(account);
        });
        hubs.set(account, made);
        hub = made;
      }
      return hub;
    },
    close() {
      for (const hub of hubs.values()) hub.close();
    },
  };
}
