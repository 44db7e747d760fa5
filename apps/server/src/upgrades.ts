import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { createPlaces, network, pathOf, refuseSocket, type Sockets } from "@prosopon/service/node";
import type { Logger } from "pino";

/** Sockets of one address (of IPv6: of one /64) that have not yet shown a good token: they have 10 s for it. */
const PENDING_PER_ADDRESS = 200;

export interface UpgradeOptions {
  /** Whom an upgrade comes from. */
  addressOf(request: IncomingMessage): string | undefined;
  /** Open sockets of one address. */
  perAddress: number;
  logger?: Logger | undefined;
}

/** Serves the WebSockets of several paths on one server, and refuses all others. Nothing that comes makes it throw. */
export function serveUpgrades(
  server: Server,
  sockets: ReadonlyMap<string, Pick<Sockets, "take">>,
  { addressOf, perAddress, logger }: UpgradeOptions,
): () => void {
  const open = createPlaces(perAddress);
  const pending = createPlaces(Math.min(PENDING_PER_ADDRESS, perAddress));
  const known = [...sockets.keys()].join(" and ");

  function take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = sockets.get(pathOf(request));
    if (!path)
      return refuseSocket(socket, 404, known ? `no socket here: connect to ${known}` : "no socket here");
    const address = network(addressOf(request) ?? "");
    const leave = open.take(address);
    const prove = leave && pending.take(address);
    if (!leave || !prove) {
      leave?.();
      return refuseSocket(socket, 429, "this address has too many sockets open: close some, or wait", {
        "retry-after": "5",
      });
    }
    socket.once("close", () => {
      prove();
      leave();
    });
    path.take(request, socket, head, prove);
  }

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => {}); // a caller that goes while it is answered
    if (socket.writableEnded) return; // refused already, as its address has too many connections
    try {
      take(request, socket, head);
    } catch (error) {
      logger?.error({ err: error }, "an upgrade failed");
      socket.destroy();
    }
  };
  server.on("upgrade", onUpgrade);
  return () => void server.off("upgrade", onUpgrade);
}
