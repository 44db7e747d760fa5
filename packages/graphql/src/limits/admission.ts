import { bearerOf } from "../bearer.ts";
import { isUnauthorized } from "../upstream.ts";
import { type BodyLimits, boundedBody } from "./body.ts";
import type { GatewayLimits } from "./limits.ts";
import { createUploadPlaces } from "./places.ts";
import { RequestRefusal } from "./refusal.ts";

/** Any of these makes a browser ask first (preflight), so no page of another origin can send it unasked. */
const CSRF_HEADERS = ["x-prosopon-csrf", "x-graphql-yoga-csrf", "apollo-require-preflight"];

type AdmissionLimits = BodyLimits &
  Pick<
    GatewayLimits,
    "requestBytes" | "anonymousBytes" | "uploadBytes" | "uploadsAtOnce" | "uploadsPerAccount"
  >;

/**
 * Stands before the GraphQL server: what can be refused by its headers is refused before its body is read, files are read only
 * from callers whose token has been proved, and bodies are bounded in size and time while they are read.
 * @param proofOf whose token it is; throws for one that is not good
 */
export function createAdmission(
  limits: AdmissionLimits,
  proofOf: (token: string) => Promise<string>,
  handle: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  const places = createUploadPlaces(limits);

  async function proved(token: string | undefined, why: string): Promise<string> {
    if (token === undefined) throw unauthorized(`Sign in first: ${why}`);
    try {
      return await proofOf(token);
    } catch (error) {
      if (isUnauthorized(error))
        throw unauthorized("The access token is not good, or has ended: sign in again.");
      throw new RequestRefusal(503, "UNAVAILABLE", "The token could not be checked now. Try again.", {
        "retry-after": "2",
      });
    }
  }

  async function receive(request: Request, limit: number, more: (size: number) => Promise<number>) {
    if (Number(request.headers.get("content-length") ?? 0) > limit)
      limit = await more(Number(request.headers.get("content-length")));
    if (!request.body) return request;
    const body = boundedBody(request.body, limits);
    try {
      const bytes = await body.read(limit, more);
      return bytes.length > 0 ? withBody(request, bytes) : request;
    } catch (error) {
      body.linger();
      throw error;
    }
  }

  async function admit(request: Request): Promise<Response> {
    if (request.method === "OPTIONS") return handle(request);
    const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
    const token = bearerOf(request.headers.get("authorization"));
    if (type === "multipart/form-data") {
      const account = await proved(token, "files are not read without an access token.");
      const leave = places.take(account);
      try {
        const refused = () => Promise.reject<number>(tooLarge(limits.uploadBytes, true));
        return await handle(await receive(request, limits.uploadBytes, refused));
      } finally {
        leave();
      }
    }
    checkOrigin(request, type, token);
    return handle(
      await receive(request, Math.min(limits.anonymousBytes, limits.requestBytes), async (size) => {
        if (size > limits.requestBytes) throw tooLarge(limits.requestBytes, false);
        await proved(token, `a request over ${limits.anonymousBytes} bytes needs an access token.`);
        return limits.requestBytes;
      }),
    );
  }

  return (request) =>
    admit(request).catch((error: unknown) => {
      if (error instanceof RequestRefusal) return error.response();
      throw error;
    });
}

/** JSON needs a preflight by itself, and no page can make a browser add a bearer token. */
function checkOrigin(request: Request, type: string, token: string | undefined): void {
  const page = request.method === "GET" && request.headers.get("accept")?.includes("text/html");
  if (type === "application/json" || page || token !== undefined) return;
  if (CSRF_HEADERS.some((header) => request.headers.has(header))) return;
  throw new RequestRefusal(
    403,
    "CSRF",
    `Send application/json, an Authorization header, or the header ${CSRF_HEADERS[0]}: 1.`,
  );
}

function withBody(request: Request, body: Uint8Array<ArrayBuffer>): Request {
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    body,
    signal: request.signal,
  });
}

function tooLarge(limit: number, multipart: boolean): RequestRefusal {
  const hint = multipart ? " Send big images to POST /v1/uploads of the REST API and name their ids." : "";
  return new RequestRefusal(413, "TOO_LARGE", `The request is over ${limit} bytes.${hint}`);
}

const unauthorized = (message: string) => new RequestRefusal(401, "UNAUTHORIZED", message);
