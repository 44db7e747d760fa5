import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createPlaces, network, refuseSocket } from "@prosopon/service/node";
import { clientAddress, isProxy, type TrustedProxies } from "./client-address.ts";

/** A connection over the bound is kept for so long, to tell its caller why. */
const TELL_MS = 2_000;

/** Bounds what one address (of IPv6: one /64) has open: connections, and behind a trusted proxy, whose they all are, requests at once. */
export interface Crowding {
  watch(server: Server): void;
  /** Why this request gets no answer of its own; undefined for one within the bound. */
  refusal(request: IncomingMessage, response: ServerResponse): string | undefined;
}

export function createCrowding(perAddress: number, trusted: TrustedProxies | undefined): Crowding {
  const connections = createPlaces(perAddress);
  const requests = createPlaces(perAddress);
  const over = new WeakSet<Socket>();
  const hint = "(the server's --connections-per-address)";
  const tooMany = `this address has ${perAddress} connections open: close some ${hint}`;
  return {
    watch(server) {
      server.prependListener("upgrade", (request: IncomingMessage, socket: Duplex) => {
        if (over.has(request.socket)) refuseSocket(socket, 429, tooMany, { "retry-after": "5" });
      });
      server.on("connection", (socket: Socket) => {
        const address = socket.remoteAddress ?? "";
        if (isProxy(address, trusted)) return;
        const leave = connections.take(network(address));
        if (leave) return void socket.once("close", leave);
        over.add(socket);
        const late = setTimeout(() => socket.destroy(), TELL_MS);
        socket.once("close", () => clearTimeout(late));
      });
    },
    refusal({ socket, headers }, response) {
      if (over.has(socket)) return tooMany;
      const peer = socket.remoteAddress ?? "";
      if (!isProxy(peer, trusted)) return undefined;
      const address = clientAddress(peer, String(headers["x-forwarded-for"] ?? ""), trusted) ?? "";
      // The proxy's own, for instance its health checks.
      if (address === peer) return undefined;
      const leave = requests.take(network(address));
      if (!leave) return `this address has ${perAddress} requests under way: let some end ${hint}`;
      response.once("close", leave);
      return undefined;
    },
  };
}
