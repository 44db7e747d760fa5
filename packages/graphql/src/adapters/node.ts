import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createAdaptorServer } from "@hono/node-server";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { Gateway } from "../gateway.ts";

/** The gateway's sockets, for whoever tells upgrades apart by path. */
export interface GatewaySockets {
  /** Takes over the connection of an upgrade request. `known` is called once its caller has proved who it is. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer, known?: () => void): void;
  /** Resolves when all of them are closed. */
  close(): Promise<void>;
}

export function createSockets(gateway: Gateway): GatewaySockets {
  const { limits, socketOptions } = gateway;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
  });
  const waiting = new WeakMap<IncomingMessage, () => void>();
  const operations = useServer(
    {
      ...socketOptions,
      async onConnect(context) {
        const taken = await socketOptions.onConnect?.(context);
        if (taken !== false) waiting.get(context.extra.request)?.();
        return taken;
      },
    },
    sockets,
  );
  return {
    take(request, socket, head, known) {
      if (sockets.clients.size >= limits.sockets) return refuse(socket, "503 Service Unavailable");
      if (known) waiting.set(request, known);
      sockets.handleUpgrade(request, socket, head, (peer) => sockets.emit("connection", peer, request));
    },
    close: async () => operations.dispose(),
  };
}

/**
 * Serves the gateway's sockets on a Node server that may carry other things too: upgrades on other paths are left to their listeners.
 * Resolves the detach when all of its sockets are closed.
 */
export function attachSockets(gateway: Gateway, server: Pick<Server, "on" | "off">): () => Promise<void> {
  const sockets = createSockets(gateway);
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on("error", () => {}); // a caller that goes while it is answered
    if (pathOf(request.url) === gateway.path) sockets.take(request, socket, head);
  };
  server.on("upgrade", onUpgrade);

  return async () => {
    server.off("upgrade", onUpgrade);
    await sockets.close();
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
  const server = createAdaptorServer({
    fetch: gateway.fetch,
    overrideGlobalObjects: false,
    // Any other upgrade is ignored and answered as plain HTTP (RFC 9110, 7.8).
    serverOptions: {
      shouldUpgradeCallback: ({ headers }) => /^\s*websocket\s*$/i.test(headers.upgrade ?? ""),
    },
  }) as Server;
  const sockets = createSockets(gateway);
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    if (pathOf(request.url) === gateway.path) sockets.take(request, socket, head);
    else refuse(socket, "404 Not Found");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, resolve);
  });
  return {
    url: `http://${hostname}:${(server.address() as AddressInfo).port}${gateway.path}`,
    async close() {
      await Promise.all([sockets.close(), gateway.close()]);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function refuse(socket: Duplex, status: string): void {
  socket.on("error", () => {}); // the caller may be gone
  socket.end(`HTTP/1.1 ${status}\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

/** Without `new URL`, which throws on targets that HTTP lets through. */
const pathOf = (url = "/"): string =>
  url
    .replace(/^https?:\/\/[^/?#]*/, "")
    .replace(/[?#].*$/s, "")
    .replace(/\/{2,}/g, "/")
    .replace(/(.)\/$/s, "$1");
