import { AccountInfo } from "./contract/account.ts";
import type { Server } from "./server.ts";
import type { Transport } from "./transport.ts";
import type { Client } from "./types.ts";

export function createAccount(transport: Transport, server: Server): Client["account"] {
  return (options) =>
    transport.call(options, async ({ signal }) => {
      await server.need("The account");
      return transport.json(AccountInfo, { method: "GET", path: "/v1/account" }, signal);
    });
}
