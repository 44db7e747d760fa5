import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { Service } from "../../service.ts";
import { continueWhenRead } from "./continue.ts";
import { answerProtocolErrors } from "./protocol-errors.ts";
import { refuse } from "./refuse.ts";
import { stayForTheBody } from "./stay.ts";

export interface Doorkeeper {
  /** Asked before anything else: why this request is refused with 429, if it is. */
  refusal?(request: IncomingMessage, response: ServerResponse): string | undefined;
}

/**
 * Options for `@hono/node-server`'s `createAdaptorServer`. `autoCleanupIncoming` is off because a refused client that is still
 * sending is listened to here (stay.ts); the library's own would cut it off after 0.5 s, answer unread.
 * `requestTimeout` is off because 2 GB may take longer than Node's 5 minutes; the service ends bodies that stand still.
 */
export function nodeServerOptions(service: Pick<Service, "fetch">, { refusal }: Doorkeeper = {}) {
  return {
    fetch: (request: Request, env: unknown): Promise<Response> => {
      const address = (env as { incoming?: IncomingMessage }).incoming?.socket.remoteAddress;
      return service.fetch(request, address === undefined ? {} : { address });
    },
    autoCleanupIncoming: false,
    createServer: ((options: ServerOptions, listener: RequestListener) =>
      create(options, wellFormed(listener, refusal))) as typeof createServer,
    serverOptions: { requestTimeout: 0, requireHostHeader: false },
  };
}

function create(options: ServerOptions, listener: RequestListener): Server {
  const server = createServer(
    // Node asks since 24.9; before that every Upgrade header is one for the sockets, which answer 404 or 400.
    { ...options, shouldUpgradeCallback: wantsWebSocket },
    stayForTheBody(listener),
  );
  // A reset between two events of Node's own would otherwise be nobody's to handle.
  server.on("connection", (socket) => socket.on("error", () => {}));
  server.on("checkContinue", (request, response) => {
    continueWhenRead(request, response);
    server.emit("request", request, response);
  });
  answerProtocolErrors(server);
  return server;
}

/** Any other upgrade is ignored and answered as plain HTTP/1.1 (RFC 9110, 7.8): Java's HttpClient offers h2c with every request. */
function wantsWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.trim().toLowerCase() === "websocket";
}

/** A path, or an absolute form as the library takes it. */
const TARGET = /^(\/|https?:\/\/)/;
const HOST = /^[A-Za-z0-9._:[\]-]+$/;

/** The library answers what it cannot make a URL of with an empty 400; ours has a body, as every error has. HTTP/1.0 has no Host. */
function wellFormed(listener: RequestListener, refusal: Doorkeeper["refusal"]): RequestListener {
  return (request, response) => {
    const reason = refusal?.(request, response);
    if (reason !== undefined) return refuse(response, 429, reason, { "retry-after": "5" });
    if (request.httpVersion === "1.0") request.headers.host ??= "localhost";
    const { host = "" } = request.headers;
    const target = request.url ?? "/";
    const url = target.startsWith("/") ? `http://${host}${target}` : target;
    if (HOST.test(host) && TARGET.test(target) && URL.canParse(url) && !/^[^?]*\\/.test(target))
      return listener(request, response);
    refuse(response, 400, "the request line or its Host header is malformed or missing");
  };
}
