import { handleProtocols, makeHandler } from "graphql-ws/use/bun";
import type { Gateway } from "../gateway.ts";

/** What is used of Bun, so that type-checking needs no types of it. */
interface BunServer {
  readonly port: number;
  readonly pendingWebSockets: number;
  upgrade(request: Request, options: { headers?: Record<string, string>; data: object }): boolean;
  stop(closeConnections: boolean): Promise<void>;
}
declare const Bun: {
  serve(options: {
    port: number;
    hostname: string;
    fetch(request: Request, server: BunServer): Promise<Response | undefined>;
    websocket: object;
  }): BunServer;
};

/** The gateway alone on a port of its own. Port 0: any free one. */
export function serve(
  gateway: Gateway,
  { port = 0, hostname = "127.0.0.1" }: { port?: number; hostname?: string } = {},
) {
  const { limits, path } = gateway;
  const handler = makeHandler(gateway.socketOptions as Parameters<typeof makeHandler>[0]);
  const server = Bun.serve({
    port,
    hostname,
    async fetch(request, bun) {
      const protocol = handleProtocols(request.headers.get("sec-websocket-protocol") ?? "");
      if (
        request.headers.get("upgrade")?.toLowerCase() !== "websocket" ||
        new URL(request.url).pathname !== path
      )
        return gateway.fetch(request);
      if (bun.pendingWebSockets >= limits.sockets)
        return new Response(null, { status: 503, headers: { "retry-after": "5" } });
      if (!protocol) return new Response("Speak graphql-transport-ws.", { status: 400 });
      // Bun takes the subprotocol over by itself.
      return bun.upgrade(request, { data: {} }) ? undefined : new Response(null, { status: 400 });
    },
    websocket: {
      ...handler,
      maxPayloadLength: limits.messageBytes,
      // Bun drops a socket that does not read before more than this waits for it.
      backpressureLimit: limits.socketBacklogBytes,
      closeOnBackpressureLimit: true,
    },
  });
  return {
    url: `http://${hostname}:${server.port}${path}`,
    async close(): Promise<void> {
      await gateway.close();
      await server.stop(true);
    },
  };
}
