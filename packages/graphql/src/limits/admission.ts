import { bearerOf } from "../bearer.ts";
import type { GatewayLimits } from "./limits.ts";

/** Any of these makes a browser ask first (preflight), so no page of another origin can send it unasked. */
const CSRF_HEADERS = ["x-prosopon-csrf", "x-graphql-yoga-csrf", "apollo-require-preflight"];

/**
 * Stands before the GraphQL server: what can be refused by its headers is refused before its body is read, and bodies are
 * bounded while they are read.
 */
export function createAdmission(
  limits: Pick<GatewayLimits, "requestBytes" | "uploadBytes" | "uploadsAtOnce">,
  handle: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  let uploads = 0;

  return async (request) => {
    if (request.method === "OPTIONS") return handle(request);
    const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
    const page = request.method === "GET" && request.headers.get("accept")?.includes("text/html");
    const bearer = bearerOf(request.headers.get("authorization"));

    const multipart = type === "multipart/form-data";
    if (multipart && bearer === undefined) {
      return refuse(
        401,
        "UNAUTHORIZED",
        "Sign in before sending files: they are not read without an access token.",
      );
    }
    // JSON needs a preflight by itself, and no page can make a browser add a bearer token.
    if (
      type !== "application/json" &&
      !page &&
      bearer === undefined &&
      !CSRF_HEADERS.some((header) => request.headers.has(header))
    ) {
      return refuse(
        403,
        "CSRF",
        `Send application/json, an Authorization header, or the header ${CSRF_HEADERS[0]}: 1.`,
      );
    }
    const limit = multipart ? limits.uploadBytes : limits.requestBytes;
    if (Number(request.headers.get("content-length") ?? 0) > limit) return tooLarge(limit, multipart);

    if (!multipart) {
      const body = await readUpTo(request.body, limit);
      if (!body) return tooLarge(limit, false);
      return handle(body.length > 0 ? withBody(request, body) : request);
    }
    if (uploads >= limits.uploadsAtOnce) {
      return refuse(429, "QUOTA", "Too many uploads at once: try again in a moment.", { "retry-after": "1" });
    }
    uploads++;
    try {
      const body = await readUpTo(request.body, limit);
      if (!body) return tooLarge(limit, true);
      return await handle(withBody(request, body));
    } finally {
      uploads--;
    }
  };
}

function withBody(request: Request, body: Uint8Array<ArrayBuffer>): Request {
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    body,
    signal: request.signal,
  });
}

/** undefined when more has come. */
async function readUpTo(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (body) {
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > limit) {
        await reader.cancel().catch(() => undefined);
        return undefined;
      }
      chunks.push(value);
    }
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function tooLarge(limit: number, multipart: boolean): Response {
  const hint = multipart ? " Send big images to POST /v1/uploads of the REST API and name their ids." : "";
  return refuse(413, "TOO_LARGE", `The request is over ${limit} bytes.${hint}`);
}

function refuse(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json(
    { errors: [{ message, extensions: { code } }] },
    { status, headers: { "access-control-allow-origin": "*", ...headers } },
  );
}
