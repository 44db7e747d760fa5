import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { cors } from "hono/cors";
import type { Logger } from "pino";
import type { Tokens } from "../auth/tokens.ts";
import type { Limits } from "../limits.ts";
import { bearer, type Call } from "./call.ts";
import { asProblem, PRIVATE_HEADERS, problemResponse } from "./problem.ts";
import type { Access, Route } from "./route.ts";
import { PROBES } from "./routes/probes.ts";

/** What only the adapter knows of a request. */
export interface Peer {
  /** IP address. */
  address?: string;
}

/** What the app is made of. */
export interface AppOptions {
  routes: readonly Route[];
  tokens: Tokens;
  origins: Limits["origins"];
  /** What is said of a path that no route has. */
  unknownRoute: string;
  logger: Logger;
}

type Env = { Bindings: Peer; Variables: { requestId: string; route: string } };

/** The URL table behind the parts that every request passes: id, log line, CORS, errors. */
export function createApp({
  routes,
  tokens,
  origins,
  unknownRoute,
  logger,
}: AppOptions): (request: Request, peer?: Peer) => Promise<Response> {
  // Base URLs that end in a slash, and slashes after a path, are how people write them.
  const app = new Hono<Env>({
    getPath: (request) => new URL(request.url).pathname.replace(/\/{2,}/g, "/").replace(/(.)\/$/, "$1"),
  });

  app.use(async (c, next) => {
    const begun = performance.now();
    const given = c.req.header("x-request-id");
    const requestId = given && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
    c.set("requestId", requestId);
    c.set("route", "unknown");
    await next();
    c.res.headers.set("x-request-id", requestId);
    for (const [name, value] of Object.entries(PRIVATE_HEADERS)) c.res.headers.set(name, value);
    // The pattern, not the URL: paths and queries hold ids and tokens.
    // Balancers ask each node every second or two: all well is no news.
    const asked = c.res.ok && PROBES.includes(c.get("route"));
    logger[asked ? "debug" : "info"](
      {
        requestId,
        method: c.req.method,
        route: c.get("route"),
        status: c.res.status,
        ms: Math.round(performance.now() - begun),
      },
      "request",
    );
  });
  app.use(
    cors({
      origin: origins,
      allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
      allowHeaders: ["authorization", "content-type", "last-event-id", "x-request-id"],
      exposeHeaders: ["x-request-id", "retry-after", "www-authenticate"],
      maxAge: 600,
    }),
  );

  const allowed = new Map<string, string[]>();
  for (const [method, path, access, handler] of routes) {
    allowed.set(path, [...(allowed.get(path) ?? []), ...(method === "GET" ? ["GET", "HEAD"] : [method])]);
    app.on(method, path, async (c) => {
      c.set("route", path);
      return handler(
        await call(tokens, c.req.raw, c.req.param() as Record<string, string>, c.env ?? {}, access),
      );
    });
  }
  for (const [path, methods] of allowed) {
    const allow = methods.join(", ");
    app.all(path, () => problemResponse(405, `this route takes ${allow}`, { allow }));
  }
  app.notFound(() => problemResponse(404, unknownRoute));
  app.onError((error, c) => {
    const problem = asProblem(error);
    if (problem) return problemResponse(problem.status, problem.message, problem.headers);
    const requestId = c.get("requestId");
    // A client that has gone reads no answer, and is no fault of ours.
    if (!c.req.raw.signal.aborted)
      logger.error({ requestId, route: c.get("route"), err: error }, "request failed");
    return problemResponse(500, `internal error; the log has more under request id ${requestId}`);
  });

  return async (request, peer = {}) => app.fetch(request, peer);
}

async function call(
  tokens: Tokens,
  request: Request,
  params: Record<string, string>,
  peer: Peer,
  access: Access,
): Promise<Call> {
  const query = new URL(request.url).searchParams;
  const token =
    bearer(request.headers) ?? (access === "query-token" ? (query.get("token") ?? undefined) : undefined);
  const claims =
    access === "open" ? { accountId: "", sessionId: "", expiresAt: 0 } : await tokens.check(token);
  return { request, query, params, ...claims, address: peer.address };
}
