import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createPlaces, refuseSocket } from "@prosopon/service";

/** A connection over the bound is kept for so long, to tell its caller why. */
const TELL_MS = 2_000;

/** Bounds the connections of one address. */
export interface Crowding {
  watch(server: Server): void;
  /** Why a request on this connection gets no answer of its own; undefined for one within the bound. */
  refusal(request: IncomingMessage): string | undefined;
}

/** @param exempt addresses whose connections are everybody's, such as a trusted proxy's */
export function createCrowding(perAddress: number, exempt: (address: string) => boolean): Crowding {
  const places = createPlaces(perAddress);
  const over = new WeakSet<Socket>();
  return {
    watch(server) {
      server.prependListener("upgrade", (request: IncomingMessage, socket: Duplex) => {
        if (over.has(request.socket))
          refuseSocket(socket, 429, `this address has ${perAddress} connections open: close some`, {
            "retry-after": "5",
          });
      });
      server.on("connection", (socket: Socket) => {
        const address = socket.remoteAddress ?? "";
        if (exempt(address)) return;
        const leave = places.take(address);
        if (leave) return void socket.once("close", leave);
        over.add(socket);
        const late = setTimeout(() => socket.destroy(), TELL_MS);
        socket.once("close", () => clearTimeout(late));
      });
    },
    refusal: ({ socket }) =>
      over.has(socket)
        ? `this address has ${perAddress} connections open: close some (the server's --connections-per-address)`
        : undefined,
  };
}
