import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
} from "node:http";
import { WebSocketServer, type WebSocket } from "ws";
import type { EventSocket } from "../events/socket.ts";
import { problemBody } from "../problem.ts";
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
    createServer: ((options: ServerOptions, listener: RequestListener) =>
      createServer(options, wellFormed(listener))) as typeof createServer,
    serverOptions: { requestTimeout: 0 },
  };
}

/** The library answers what it cannot make a URL of with an empty 400; ours has a body, as every error has. HTTP/1.0 has no Host. */
function wellFormed(listener: RequestListener): RequestListener {
  return (request, response) => {
    request.headers.host ??= "localhost";
    const target = request.url ?? "/";
    const url = target.startsWith("/") ? `http://${request.headers.host}${target}` : target;
    if (/^[A-Za-z0-9._:[\]-]+$/.test(request.headers.host) && URL.canParse(url) && !/^[^?]*\\/.test(target))
      return listener(request, response);
    const body = problemBody(400, "the request line or its Host header is malformed");
    response
      .writeHead(400, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        connection: "close",
      })
      .end(body);
  };
}

/** Serves the WebSocket of `GET /v1/events` on a Node server; other paths are left to other listeners. Returns the detach. */
export function attachWebSocket(
  server: Pick<Server, "on" | "off" | "listenerCount">,
  service: Pick<Service, "events">,
): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  const onUpgrade = (
    request: IncomingMessage,
    socket: Parameters<WebSocketServer["handleUpgrade"]>[1],
    head: Buffer,
  ) => {
    if (request.url?.replace(/\?.*$/s, "") !== "/v1/events") {
      // Nobody else will answer it, and a socket left alone stays open for good.
      if (server.listenerCount("upgrade") === 1) socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (peer) =>
      service.events.connect(eventSocket(peer), { url: request.url!, headers: headersOf(request) }),
    );
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
