import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { EventSocket } from "../../http/event-socket.ts";
import type { Service } from "../../service.ts";
import { refuseSocket } from "./refuse.ts";

/** Bytes of a client's message; the first one holds a token and a cursor. */
const MAX_MESSAGE_BYTES = 16_384;

export const EVENTS_PATH = "/v1/events";

/** The WebSockets of one path, for whoever tells upgrades apart by path. */
export interface Sockets {
  /** Takes over the connection of an upgrade request. `known` is called once its caller has proved who it is. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer, known?: () => void): void;
  close(): void;
}

/** The WebSocket of `GET /v1/events`. */
export function createEventSockets(service: Pick<Service, "events">): Sockets {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  // What `ws` refuses while shaking hands gets no listener of its own.
  sockets.on("wsClientError", (_error, socket) =>
    refuseSocket(socket, 400, "the WebSocket handshake is malformed, or not of version 13", {
      "sec-websocket-version": "13",
    }),
  );
  return {
    take(request, socket, head, known) {
      sockets.handleUpgrade(request, socket, head, (peer) =>
        service.events.connect(eventSocket(peer), {
          url: request.url ?? "/",
          headers: headersOf(request),
          ...(known && { known }),
        }),
      );
    },
    close: () => sockets.close(),
  };
}

/** The path of a request, whatever stands in its target, an absolute form too; slashes as the routes take them. Never throws, unlike `new URL`. */
export function pathOf({ url = "/" }: Pick<IncomingMessage, "url">): string {
  return url
    .replace(/^https?:\/\/[^/?#]*/, "")
    .replace(/[?#].*$/s, "")
    .replace(/\/{2,}/g, "/")
    .replace(/(.)\/$/s, "$1");
}

/** Serves the WebSocket of `GET /v1/events` on a Node server; other paths are left to other listeners. Returns the detach. */
export function attachWebSocket(
  server: Pick<Server, "on" | "off" | "listenerCount">,
  service: Pick<Service, "events">,
): () => void {
  const sockets = createEventSockets(service);
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => {}); // a caller that goes while it is answered
    if (pathOf(request) === EVENTS_PATH) return sockets.take(request, socket, head);
    // Nobody else will answer it, and a socket left alone stays open for good.
    if (server.listenerCount("upgrade") === 1)
      refuseSocket(socket, 404, `no socket here: it is at ${EVENTS_PATH}`);
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
  new Headers(
    Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value] as [string, string]] : [],
    ),
  );
