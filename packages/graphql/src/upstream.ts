import { isApiError, isAuthError } from "@prosopon/core";
import {
  BadImageError,
  ConflictError,
  ExpectedError,
  InvalidInputError,
  NotFoundError,
  QuotaError,
  UnavailableError,
  UnauthorizedError,
  UnsupportedByUpstreamError,
} from "./errors.ts";

/** What the caller sent to the call that failed, to say which part of it was at fault. */
export interface Sent {
  /** Path of the images in the arguments; their presence makes a 400 a bad image. */
  images?: readonly string[];
  /** Path of the id in the arguments. */
  id?: readonly string[];
  /** Path of what others may have taken already, where it is not the id. */
  unique?: readonly string[];
  /** Path of what only the server can find malformed, where it is not the id. */
  value?: readonly string[];
}

/** Awaits a call into the client and turns what a caller can act on into its own error class; the rest passes through, to be masked. */
export async function upstream<T>(call: Promise<T>, sent: Sent = {}): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw translate(error, sent);
  }
}

export function translate(error: unknown, { images, id, unique, value }: Sent = {}): unknown {
  if (error instanceof ExpectedError || !(error instanceof Error)) return error;
  const { message } = error;
  if (isUnsupported(error))
    return new UnsupportedByUpstreamError(
      "The server behind this gateway offers only the documented routes, and this needs more.",
      error,
    );
  if (isAuthError(error)) return new UnauthorizedError(undefined, undefined, error);
  switch (statusOf(error)) {
    case 401:
      return new UnauthorizedError(undefined, undefined, error);
    case 403:
      return new UnauthorizedError(message, "FORBIDDEN", error);
    case 404:
      return new NotFoundError(message, id, error);
    case 409:
      return new ConflictError(message, unique ?? id, error);
    case 413:
    case 415:
      return new BadImageError(message, images, error);
    case 400:
    case 422:
      return images
        ? new BadImageError(message, images, error)
        : new InvalidInputError([{ message, path: value ?? id ?? [] }], error);
    case 429:
      return new QuotaError(message, retryAfterOf(error), error);
    case 503:
      return new UnavailableError(message, retryAfterOf(error), error);
    default:
      return error;
  }
}

/** 501 is the client's way of saying: this server has only the documented routes. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof UnsupportedByUpstreamError || statusOf(error) === 501;
}

export function isMissing(error: unknown): boolean {
  return error instanceof NotFoundError || statusOf(error) === 404;
}

export function isUnauthorized(error: unknown): boolean {
  return error instanceof UnauthorizedError || isAuthError(error) || statusOf(error) === 401;
}

function statusOf(error: unknown): number | undefined {
  return isApiError(error) ? error.status : undefined;
}

function retryAfterOf(error: unknown): number | undefined {
  return isApiError(error) && error.retryAfterMs !== undefined
    ? Math.ceil(error.retryAfterMs / 1000)
    : undefined;
}
