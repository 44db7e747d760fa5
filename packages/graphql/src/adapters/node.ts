import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createAdaptorServer } from "@hono/node-server";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { Gateway } from "../gateway.ts";

/**
 * Serves the gateway's sockets on a Node server that may carry other things too: upgrades on other paths are left to their listeners.
 * Resolves the detach when all of its sockets are closed.
 */
export function attachSockets(gateway: Gateway, server: Pick<Server, "on" | "off">): () => Promise<void> {
  const { limits } = gateway;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
  });
  const operations = useServer(gateway.socketOptions, sockets);

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (new URL(request.url ?? "/", "http://localhost").pathname !== gateway.path) return;
    if (sockets.clients.size >= limits.sockets) {
      socket.end("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (peer) => sockets.emit("connection", peer, request));
  };
  server.on("upgrade", onUpgrade);

  return async () => {
    server.off("upgrade", onUpgrade);
    await operations.dispose();
  };
}

export interface Listening {
  /** E.g. `http://127.0.0.1:4000/graphql`. */
  url: string;
  close(): Promise<void>;
}

/** The gateway alone on a port of its own. Port 0: any free one. */
export async function serve(
  gateway: Gateway,
  { port = 0, hostname = "127.0.0.1" }: { port?: number; hostname?: string } = {},
): Promise<Listening> {
  const server = createAdaptorServer({ fetch: gateway.fetch, overrideGlobalObjects: false }) as Server;
  const detach = attachSockets(gateway, server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, resolve);
  });
  return {
    url: `http://${hostname}:${(server.address() as AddressInfo).port}${gateway.path}`,
    async close() {
      await Promise.all([detach(), gateway.close()]);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
