import type { Client } from "@prosopon/core";
import type { ClientFactory } from "./context.ts";

/** A client learns once what its server can do; a gateway would ask again with every request of the same caller. */
const KEPT = 1_000;

/** The client of a caller by token, the most recently used ones remembered. */
export function createClients(make: ClientFactory): (token: string | undefined) => Client {
  const clients = new Map<string, Client>();
  return (token) => {
    if (token === undefined) return make({});
    const client = clients.get(token) ?? make({ token });
    clients.delete(token);
    clients.set(token, client);
    const oldest = clients.size > KEPT ? clients.keys().next().value : undefined;
    if (oldest !== undefined) clients.delete(oldest);
    return client;
  };
}
