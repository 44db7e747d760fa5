import { existsSync } from "node:fs";
import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";

/** Paths of the API: a browser that opens one gets its answer, not the page. */
const API = /^\/(v1|innovation-service|graphql|login|token|logout|healthz|readyz|openapi\.json)(\/|$)/;
/** Vite puts a hash of the content into these names. */
const HASHED = /^\/assets\//;

const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    // The component library sets styles from scripts; scripts themselves come from our files only.
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", "data:", "blob:"],
    fontSrc: ["'self'", "data:"],
    workerSrc: ["'self'", "blob:"],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  permissionsPolicy: { camera: ["self"], microphone: [], geolocation: [] },
  referrerPolicy: "no-referrer",
  // Plain HTTP on one's own machine is the usual case; TLS is the proxy's business, and so is this header.
  strictTransportSecurity: false,
});

/** The playground's built files: what it has none for is left to the API, but a page address gets the page. */
export function createPages(root: string): ((request: Request) => Promise<Response | undefined>) | undefined {
  if (!existsSync(join(root, "index.html"))) return undefined;
  const app = new Hono();
  app.use(headers);
  app.use(async (c, next) => {
    await next();
    const kept = HASHED.test(c.req.path) && !c.res.headers.get("content-type")?.startsWith("text/html");
    c.res.headers.set("cache-control", kept ? "public, max-age=31536000, immutable" : "no-cache");
  });
  app.use(serveStatic({ root, precompressed: true }));
  app.use(async (c, next) => {
    const wantsPage = c.req.header("accept")?.includes("text/html") && !/\.\w+$/.test(c.req.path);
    return wantsPage ? serveStatic({ root, path: "index.html" })(c, next) : next();
  });

  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    if (API.test(new URL(request.url).pathname)) return undefined;
    const answer = await app.fetch(request);
    return answer.status === 404 ? undefined : answer;
  };
}
