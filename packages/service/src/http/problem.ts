import { STATUS_CODES } from "node:http";
import type { Problem } from "@prosopon/core/contract";
import { isImageError, type ImageErrorCode } from "@prosopon/engine";
import { AuthError } from "../errors/auth-error.ts";
import { InputError } from "../errors/input-error.ts";
import { TooManyError } from "../errors/too-many-error.ts";
import { isNoRoom } from "../no-room.ts";

/** An expected failure of a request: it becomes the documented error body. The message says what to do. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const IMAGE_STATUS: Record<ImageErrorCode, number> = {
  empty: 400,
  undecodable: 400,
  unsupported: 415,
  "too-many-pixels": 413,
  fatal: 400,
  "too-costly": 413,
};

/** Of every 401 but that of `/login`, whose caller has no token yet. */
const INVALID_TOKEN = { "www-authenticate": 'Bearer realm="prosopon", error="invalid_token"' };

/** Anything thrown, as a problem; undefined for what nobody foresaw. Compares names: the back-ends may be other copies. */
export function asProblem(error: unknown): HttpProblem | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof HttpProblem) return error;
  if (error instanceof InputError) return new HttpProblem(400, error.message);
  if (error instanceof AuthError) return new HttpProblem(401, error.message, INVALID_TOKEN);
  if (error instanceof TooManyError)
    return new HttpProblem(429, error.message, { "retry-after": String(error.retryAfterS) });
  if (isImageError(error)) return new HttpProblem(IMAGE_STATUS[error.code], error.message);
  if (isNoRoom(error))
    return new HttpProblem(503, "The server's disk is full: try again later.", { "retry-after": "10" });
  if (error.name === "BlobTooLargeError") return new HttpProblem(413, error.message);
  if (error.name === "BlobsBusyError") return new HttpProblem(503, error.message, { "retry-after": "2" });
  // Its own message names the bucket.
  if (error.name === "BlobsAwayError")
    return new HttpProblem(503, "The store of images does not answer; try again.", { "retry-after": "2" });
  if (error.name === "StorageError" && "code" in error) {
    if (error.code === "conflict") return new HttpProblem(409, error.message);
    if (error.code === "bad-cursor") return new HttpProblem(400, error.message);
    if (error.code === "quota") return new HttpProblem(429, error.message, { "retry-after": "5" });
    if (error.code === "too-large") return new HttpProblem(413, error.message);
    if (error.code === "not-found") return new HttpProblem(404, error.message);
    if (error.code === "full") return new HttpProblem(503, error.message, { "retry-after": "10" });
    if (error.code === "away" || error.code === "unusable")
      return new HttpProblem(503, error.message, { "retry-after": "2" });
  }
  return undefined;
}

export function problemBody(status: number, message: string): string {
  const body: Problem = { statusCode: status, error: STATUS_CODES[status] ?? "Error", message };
  return JSON.stringify(body);
}

/** Of every answer: a crop or a name must not outlive its deletion in a cache, nor be taken for a page or a script. */
export const PRIVATE_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
export const PROBLEM_HEADERS = { ...PRIVATE_HEADERS, "content-type": "application/json" };

export function problemResponse(
  status: number,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(problemBody(status, message), {
    status,
    headers: { ...headers, ...PROBLEM_HEADERS },
  });
}
