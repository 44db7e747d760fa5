import { bearerOf } from "../bearer.ts";
import { isUnauthorized } from "../upstream.ts";
import { type BodyLimits, boundedBody } from "./body.ts";
import type { GatewayLimits } from "./limits.ts";
import { createUploadPlaces } from "./places.ts";
import { RequestRefusal } from "./refusal.ts";

/** Any of these makes a browser ask first (preflight), so no page of another origin can send it unasked. */
const CSRF_HEADERS = ["x-prosopon-csrf", "x-graphql-yoga-csrf", "apollo-require-preflight"];

/** What a body may have, and what of it without a proof of who sends it. */
interface Allowance {
  most: number;
  free: number;
  prove(): Promise<unknown>;
  /** What to do instead of sending more. */
  hint?: string;
}

const BIG_IMAGES = " Send big images to POST /v1/uploads of the REST API and name their ids.";

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

  /** @param prove asked once more than `free` bytes have come, however many were announced */
  async function receive(request: Request, { most, free, prove, hint }: Allowance): Promise<Request> {
    if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge(most, hint);
    if (!request.body) return request;
    const more = async (size: number) => {
      if (size > most) throw tooLarge(most, hint);
      await prove();
      return most;
    };
    const body = boundedBody(request.body, limits);
    try {
      // A request of its own also where nothing came: this one's body has been read.
      return withBody(request, await body.read(free, more));
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
        const { uploadBytes: most } = limits;
        return await handle(
          await receive(request, { most, free: most, prove: async () => {}, hint: BIG_IMAGES }),
        );
      } finally {
        leave();
      }
    }
    checkOrigin(request, type, token);
    const { anonymousBytes: free, requestBytes: most } = limits;
    const prove = () => proved(token, `a request over ${free} bytes needs an access token.`);
    return handle(await receive(request, { most, free: Math.min(free, most), prove }));
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

const tooLarge = (limit: number, hint = "") =>
  new RequestRefusal(413, "TOO_LARGE", `The request is over ${limit} bytes.${hint}`);

const unauthorized = (message: string) => new RequestRefusal(401, "UNAUTHORIZED", message);
