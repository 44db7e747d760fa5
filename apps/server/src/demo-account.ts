import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Credentials } from "@prosopon/service";

export const DEMO_ACCOUNT_PATH = "/demo-account.json";
const CODE_HEADER = "x-demo-code";
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;
const LOOPBACK_ADDRESS = /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/;
/** What proxies add: Forwarded, Via, X-Forwarded-For and its kin, X-Real-IP, CF-Connecting-IP, True-Client-IP and the like. */
const FROM_A_PROXY =
  /^(forwarded|via|x-forwarded(-.*)?|x-original-.*|(.*-)?(real|client|connecting|remote)-(ip|addr))$/;

export const isLoopbackHost = (host: string): boolean => LOOPBACK_HOST.test(host);

export interface DemoOffer {
  /** Of the demo account, never of a configured one. */
  credentials: Credentials;
  /** Who has it was given the link; new with every start. */
  code: string;
  /** Where the server itself listens. */
  port: number;
  /** The page with the code, in the fragment: no request, log or Referer carries that. */
  link: string;
}

export function offerOf(credentials: Credentials, url: string): DemoOffer {
  const code = randomBytes(18).toString("base64url");
  return { credentials, code, port: portOf(new URL(url)), link: `${url}/#demo=${code}` };
}

/**
 * Answers `GET /demo-account.json`, for a page that was opened by the link which the start printed, and nobody else.
 * The code alone would do: a proxy on this machine, such as nginx with a plain `proxy_pass`, makes every visitor look like one
 * at the keyboard. All else that can be known must fit as well, in case the link went astray:
 * - the peer is this machine, and no proxy says that it stands between;
 * - the Host is a loopback name with the server's own port, so that a foreign name that resolves to 127.0.0.1 (DNS rebinding)
 *   gets nothing;
 * - a browser says that the page is our own.
 */
export function offerDemoAccount(
  request: Request,
  peerAddress: string | undefined,
  offer: DemoOffer | undefined,
): Response {
  const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
  if (offer && isAskedForDirectly(request, peerAddress, offer) && knowsCode(request, offer)) {
    const { clientId, secretId } = offer.credentials;
    return Response.json({ clientId, secretId }, { headers });
  }
  return Response.json(
    { statusCode: 404, error: "Not Found", message: "no demo account is offered here" },
    { status: 404, headers },
  );
}

function isAskedForDirectly(request: Request, peerAddress = "", { port }: DemoOffer): boolean {
  const { method, headers } = request;
  const url = new URL(request.url);
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  return (
    method === "GET" &&
    LOOPBACK_ADDRESS.test(peerAddress) &&
    isLoopbackHost(url.hostname) &&
    portOf(url) === port &&
    ![...headers.keys()].some((name) => FROM_A_PROXY.test(name)) &&
    (origin === null || origin === url.origin) &&
    (site === null || site === "same-origin" || site === "none")
  );
}

/** In the same time for every wrong one. */
function knowsCode({ headers }: Request, { code }: DemoOffer): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(headers.get(CODE_HEADER) ?? ""), hash(code));
}

const portOf = ({ port }: URL): number => Number(port || 80);
