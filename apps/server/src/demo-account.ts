import type { Credentials } from "@prosopon/service";

export const DEMO_ACCOUNT_PATH = "/demo-account.json";
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;
const LOOPBACK_ADDRESS = /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/;

export const isLoopbackHost = (host: string): boolean => LOOPBACK_HOST.test(host);

/**
 * Answers `GET /demo-account.json`, for the playground in a browser on this machine and nobody else:
 * - the peer is this machine, and no proxy stands between (it would make every visitor look local);
 * - the Host is a loopback name, so that a foreign name that resolves to 127.0.0.1 (DNS rebinding) gets nothing;
 * - a browser says that the page is our own.
 */
export function offerDemoAccount(
  request: Request,
  peerAddress: string | undefined,
  demo: Credentials | undefined,
): Response {
  const { headers } = request;
  const url = new URL(request.url);
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  const own =
    (request.method === "GET" || request.method === "HEAD") &&
    LOOPBACK_ADDRESS.test(peerAddress ?? "") &&
    isLoopbackHost(url.hostname) &&
    !["forwarded", "x-forwarded-for", "via"].some((name) => headers.has(name)) &&
    (origin === null || origin === url.origin) &&
    (site === null || site === "same-origin" || site === "none");
  const noStore = { "cache-control": "no-store" };
  if (own && demo)
    return Response.json({ clientId: demo.clientId, secretId: demo.secretId }, { headers: noStore });
  return Response.json(
    { statusCode: 404, error: "Not Found", message: "no demo account is offered here" },
    { status: 404, headers: noStore },
  );
}
