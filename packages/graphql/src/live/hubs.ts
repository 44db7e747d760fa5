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

  /** Asked anew for each stream: a session that has ended opens none, whatever it opened before. */
  const accountOf = (client: Client): Promise<string | undefined> =>
    client.account().then(
      ({ client_id }) => client_id,
      (error: unknown) => {
        if (isUnsupported(error)) return undefined;
        throw error;
      },
    );

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
