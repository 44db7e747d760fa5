import { GRAPHQL_TRANSPORT_WS_PROTOCOL, makeHandler } from "graphql-ws/use/deno";
import type { Gateway } from "../gateway.ts";

/** What is used of Deno, so that type-checking needs no types of it. */
declare const Deno: {
  serve(
    options: { port: number; hostname: string; onListen(): void },
    handle: (request: Request) => Promise<Response>,
  ): { addr: { port: number }; shutdown(): Promise<void> };
  upgradeWebSocket(
    request: Request,
    options: { protocol: string; idleTimeout: number },
  ): { socket: WebSocket; response: Response };
};

/** Seconds without a sign of life (Deno pings by itself) after which a socket is closed. */
const IDLE_SECONDS = 30;

/** The gateway alone on a port of its own. Port 0: any free one. */
export function serve(
  gateway: Gateway,
  { port = 0, hostname = "127.0.0.1" }: { port?: number; hostname?: string } = {},
) {
  const { limits, path } = gateway;
  const handle = makeHandler(gateway.socketOptions as Parameters<typeof makeHandler>[0]);
  const sockets = new Set<WebSocket>();

  const server = Deno.serve({ port, hostname, onListen() {} }, async (request) => {
    if (
      request.headers.get("upgrade")?.toLowerCase() !== "websocket" ||
      new URL(request.url).pathname !== path
    )
      return gateway.fetch(request);
    if (sockets.size >= limits.sockets)
      return new Response(null, { status: 503, headers: { "retry-after": "5" } });
    const offered = request.headers
      .get("sec-websocket-protocol")
      ?.split(",")
      .map((protocol) => protocol.trim());
    if (!offered?.includes(GRAPHQL_TRANSPORT_WS_PROTOCOL))
      return new Response("Speak graphql-transport-ws.", { status: 400 });
    const { socket, response } = Deno.upgradeWebSocket(request, {
      protocol: GRAPHQL_TRANSPORT_WS_PROTOCOL,
      idleTimeout: IDLE_SECONDS,
    });
    // Deno 2.9 answers the handshake with the protocol, but leaves it empty on the socket, where graphql-ws looks.
    Object.defineProperty(socket, "protocol", { value: GRAPHQL_TRANSPORT_WS_PROTOCOL });
    sockets.add(socket);
    socket.addEventListener("close", () => sockets.delete(socket));
    // Registered before the handler, so that it comes first: Deno has no bound of its own.
    socket.addEventListener("message", (event) => {
      if (typeof event.data === "string" && event.data.length <= limits.messageBytes) return;
      event.stopImmediatePropagation();
      socket.close(1009, "Message too big");
    });
    handle(socket);
    return response;
  });

  return {
    url: `http://${hostname}:${server.addr.port}${path}`,
    async close(): Promise<void> {
      await gateway.close();
      for (const socket of sockets) socket.close(1001, "Going away");
      await server.shutdown();
    },
  };
}
