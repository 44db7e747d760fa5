import type { IncomingMessage, Server } from "node:http";
import { WebSocketServer, type WebSocket } from "ws";
import type { EventSocket } from "../events/socket.ts";
import { problemResponse } from "../problem.ts";
import type { Service } from "../service.ts";

/** Bytes of a client's message; the first one holds a token and a cursor. */
const MAX_MESSAGE_BYTES = 16_384;

/**
 * Options for `@hono/node-server`'s `createAdaptorServer`. `autoCleanupIncoming` is off because the service itself throws away
 * what a refused client still sends, for up to 30 s; the library's own would cut it off after 0.5 s, answer unread.
 * `requestTimeout` is off because 2 GB may take longer than Node's 5 minutes; the service ends bodies that stand still.
 */
export function nodeServerOptions(service: Pick<Service, "fetch">) {
  return {
    fetch: (request: Request, env: unknown): Promise<Response> => {
      const address = (env as { incoming?: IncomingMessage }).incoming?.socket.remoteAddress;
      return service.fetch(request, address === undefined ? {} : { address });
    },
    autoCleanupIncoming: false,
    errorHandler: () => problemResponse(400, "the request line or its Host header is malformed"),
    serverOptions: { requestTimeout: 0 },
  };
}

/** Serves the WebSocket of `GET /v1/events` on a Node server; other paths are left to other listeners. Returns the detach. */
export function attachWebSocket(server: Pick<Server, "on" | "off">, service: Pick<Service, "events">): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  const onUpgrade = (request: IncomingMessage, socket: Parameters<WebSocketServer["handleUpgrade"]>[1], head: Buffer) => {
    if (new URL(request.url ?? "/", "http://localhost").pathname !== "/v1/events") return;
    sockets.handleUpgrade(request, socket, head, (peer) => service.events.connect(eventSocket(peer), { url: request.url!, headers: headersOf(request) }));
  };
  server.on("upgrade", onUpgrade);
  return () => {
    server.off("upgrade", onUpgrade);
    sockets.close();
  };
}

function eventSocket(peer: WebSocket): EventSocket {
  peer.on("error", () => {}); // 'close' follows, which is all that matters
  return {
    send: (text) => peer.send(text),
    close: (code, reason) => peer.close(code, reason),
    ping: () => peer.ping(),
    get bufferedAmount() {
      return peer.bufferedAmount;
    },
    onMessage: (listener) => void peer.on("message", (data) => listener(String(data))),
    onClose: (listener) => void peer.on("close", listener),
    onPong: (listener) => void peer.on("pong", listener),
  };
}

const headersOf = (request: IncomingMessage): Headers =>
  new Headers(Object.entries(request.headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as [string, string]] : [])));
