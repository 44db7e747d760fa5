import type { GenericSchema, InferOutput } from "valibot";
import { ApiError, ConnectionError } from "./errors.ts";
import { parseAnswer } from "./validate.ts";

export interface Exchange {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query below the base URL. */
  path: string;
  headers?: Record<string, string>;
  json?: unknown;
  /** Made anew for each attempt, so that no attempt finds a spent body. */
  body?: () => BodyInit;
}

/** One exchange without authorisation. @throws ApiError for anything but 2xx, ConnectionError for no answer. */
export type Send = (exchange: Exchange, signal: AbortSignal) => Promise<Response>;

export interface HttpOptions {
  baseUrl: URL;
  fetch: ((request: Request) => Promise<Response>) | undefined;
  retries: number;
}

/** Full jitter below 0.3, 0.6, 1.2 ... seconds, at most this; a `Retry-After` is kept to the second instead. */
const BACKOFF_MS = 300;
const BACKOFF_LIMIT_MS = 10_000;
/** Passing faults, by RFC 9110 and 6585; 425 is for early data, which no `fetch` sends. */
const PASSING = [408, 429, 500, 502, 503, 504];

export function createSend({ baseUrl, fetch = globalFetch, retries }: HttpOptions): Send {
  const root = baseUrl.href.replace(/\/+$/, "");

  const attempt = async (
    { method, path, headers, json, body }: Exchange,
    signal: AbortSignal,
  ): Promise<Response> => {
    const sent = new Headers({ accept: "application/json", ...headers });
    if (json !== undefined) sent.set("content-type", "application/json");
    const content = json === undefined ? body?.() : JSON.stringify(json);
    const request = new Request(root + path, {
      method,
      headers: sent,
      signal,
      ...(content !== undefined && { body: content }),
    });
    let response: Response;
    try {
      response = await fetch(request);
    } catch (error) {
      signal.throwIfAborted();
      throw new ConnectionError(`No answer from ${root}: ${innermost(error)}`);
    }
    if (response.ok) return response;
    throw new ApiError(response.status, await readErrorBody(response), {
      requestId: response.headers.get("x-request-id") ?? undefined,
      retryAfterMs: parseRetryAfter(response.headers.get("retry-after")),
    });
  };

  return async (exchange, signal) => {
    for (let tried = 0; ; tried++) {
      try {
        return await attempt(exchange, signal);
      } catch (error) {
        if (tried >= retries || !mayRepeat(exchange, error)) throw error;
        const asked = error instanceof ApiError ? error.retryAfterMs : undefined;
        await pause(asked ?? Math.random() * Math.min(BACKOFF_LIMIT_MS, BACKOFF_MS * 2 ** tried), signal);
      }
    }
  };
}

/**
 * A GET may be repeated after any passing fault. Anything else may have started a job, so it is repeated after one answer
 * only: 429, which says that it was not carried out.
 */
function mayRepeat({ method }: Exchange, error: unknown): boolean {
  if (error instanceof ConnectionError) return method === "GET";
  return (
    error instanceof ApiError && (method === "GET" ? PASSING.includes(error.status) : error.status === 429)
  );
}

/** Looked up at each call, for whoever replaces the global one. */
function globalFetch(request: Request): Promise<Response> {
  return globalThis.fetch(request);
}

async function readErrorBody(response: Response): Promise<unknown> {
  const text = await response.text().catch(() => "");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** @throws ConnectionError when the body breaks off */
export async function readBody<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    throw new ConnectionError(`The answer broke off: ${innermost(error)}`);
  }
}

/** Reads and checks a JSON answer. @throws ContractError, ConnectionError when it breaks off */
export async function readJson<S extends GenericSchema>(
  schema: S,
  response: Response,
  what: string,
  signal: AbortSignal,
): Promise<InferOutput<S>> {
  const text = await readBody(() => response.text(), signal);
  return parseAnswer(schema, text, what, response.headers.get("x-request-id") ?? undefined);
}

/** Seconds or an HTTP date. */
function parseRetryAfter(header: string | null): number | undefined {
  if (!header) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** The words of the deepest cause: "connect ECONNREFUSED 127.0.0.1:4000" rather than "fetch failed". */
function innermost(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  return at instanceof Error ? at.message || at.name : String(at);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
