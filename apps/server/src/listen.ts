import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createAdaptorServer } from "@hono/node-server";
import { nodeServerOptions } from "@prosopon/service/node";
import type { TrustedProxies } from "./client-address.ts";
import { createCrowding } from "./crowding.ts";
import { CommandError } from "./errors.ts";

/** Uploads and answers under way get so long at shutdown; below the 10 s after which Docker kills. */
const GRACE_MS = 5_000;
/** A WebSocket's client gets so long to answer the close, which is all that is left to say: one that sleeps never does. */
const GOODBYE_MS = 1_500;

/** Twice the longest that a body may stand still, and eight times an event stream's ping. */
const SILENT_MS = 120_000;
const HEADERS_MS = 30_000;

export interface Listening {
  server: Server;
  url: string;
  /** Takes no new connection and keeps none alive; resolves when the open ones have ended, at the latest after the grace time. */
  close(): Promise<void>;
}

export interface ListenOptions {
  port: number;
  host: string;
  connectionsPerAddress: number;
  trustedProxies?: TrustedProxies | undefined;
  /** What a connection may be silent for in both directions while it is answered, ms: a caller that does not read its answer is let go. */
  silentMs?: number;
  /** What headers may take, ms. */
  headersMs?: number;
}

export type Fetch = Parameters<typeof nodeServerOptions>[0];

/** @throws CommandError when the address cannot be had. */
export async function listen(
  handler: Fetch,
  {
    port,
    host,
    connectionsPerAddress,
    trustedProxies,
    silentMs = SILENT_MS,
    headersMs = HEADERS_MS,
  }: ListenOptions,
): Promise<Listening> {
  const crowding = createCrowding(connectionsPerAddress, trustedProxies);
  const options = nodeServerOptions(handler, crowding);
  const server = createAdaptorServer({
    ...options,
    overrideGlobalObjects: false,
    serverOptions: {
      ...options.serverOptions,
      // A request line and headers must come soon even though a body may take hours.
      headersTimeout: headersMs,
      // Node looks at that every 30 s by itself, so that half a minute became a whole one.
      connectionsCheckingInterval: headersMs / 6,
      // Longer than the 60 s of common proxies, so that it is they who close an idle connection.
      keepAliveTimeout: 65_000,
      // Room for a bearer token and a proxy's own headers.
      maxHeaderSize: 32_768,
    },
  }) as Server;
  server.timeout = silentMs;
  crowding.watch(server);

  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(new CommandError(explain(error, port, host), { cause: error })),
    );
    server.listen(port, host, resolve);
  });

  let closing = false;
  // First, as answers are begun in the other listener's turn.
  server.prependListener("request", (_request, response) => {
    if (closing) response.shouldKeepAlive = false;
  });
  /** Not among the connections that Node's server closes: they are nobody's any more, and yet it waits for them. */
  const upgraded = new Set<Duplex>();
  server.on("upgrade", (_request, socket) => {
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
  });

  return {
    server,
    url: urlOf(server.address() as AddressInfo, host),
    async close() {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // A stream that ended after server.close leaves its connection idle, and Node looks for those only once.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      const goodbye = setTimeout(() => upgraded.forEach((socket) => socket.destroy()), GOODBYE_MS);
      const late = setTimeout(() => {
        server.closeAllConnections();
        upgraded.forEach((socket) => socket.destroy());
      }, GRACE_MS);
      await closed;
      clearInterval(sweep);
      clearTimeout(goodbye);
      clearTimeout(late);
    },
  };
}

function explain({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  if (code === "EADDRINUSE")
    return `Port ${port} of ${host} is in use. Stop the program that listens there, or choose another port with --port or PROSOPON_PORT.`;
  if (code === "EACCES")
    return `This user may not listen on port ${port} of ${host}. Choose a port above 1023 with --port or PROSOPON_PORT.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `${host} is not an address of this machine. Give one with --host or PROSOPON_HOST, e.g. 127.0.0.1.`;
  return `Cannot listen on ${host}:${port}: ${message}`;
}

/** Where a person on this machine finds it: the wildcard addresses are no address to go to. */
function urlOf({ port, family, address }: AddressInfo, host: string): string {
  if (host === "localhost" || address === "0.0.0.0" || address === "::") return `http://localhost:${port}`;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
