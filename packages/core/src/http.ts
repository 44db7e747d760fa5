import ky, { isHTTPError } from "ky";
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

/**
 * GET: ky repeats it after a lost connection and after 408, 429, 500, 502, 503 and 504.
 * Anything else may have started a job, so it is repeated after one answer only: 429, which says that it was not carried out.
 * ky's own retry is off there, because ky keeps a second copy of the body in memory for it.
 */
export function createSend({ baseUrl, fetch = globalFetch, retries }: HttpOptions): Send {
  const root = baseUrl.href.replace(/\/+$/, "");
  const client = ky.create({ timeout: false, fetch: (input) => fetch(input as Request) });
  const retryGet = {
    limit: retries,
    methods: ["get"],
    statusCodes: [408, 429, 500, 502, 503, 504],
    afterStatusCodes: [429, 503],
    backoffLimit: BACKOFF_LIMIT_MS,
    jitter: true,
    // Runtimes word a lost connection differently; for a GET any failed exchange may be tried again.
    shouldRetry: ({ error }: { error: Error }) => (isHTTPError(error) ? undefined : true),
  };

  const attempt = async (
    { method, path, headers, json, body }: Exchange,
    signal: AbortSignal,
  ): Promise<Response> => {
    try {
      return await client(root + path, {
        method,
        headers: { accept: "application/json", ...headers },
        ...(json !== undefined && { json }),
        ...(body && { body: body() }),
        retry: method === "GET" ? retryGet : 0,
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      // ky's errors hold the request, and with it the token: none of them leaves this function.
      if (!isHTTPError(error)) throw new ConnectionError(`No answer from ${root}: ${innermost(error)}`);
      const { status, headers: answered } = error.response;
      throw new ApiError(status, error.data, {
        requestId: answered.get("x-request-id") ?? undefined,
        retryAfterMs: parseRetryAfter(answered.get("retry-after")),
      });
    }
  };

  return async (exchange, signal) => {
    for (let tried = 0; ; tried++) {
      try {
        return await attempt(exchange, signal);
      } catch (error) {
        const refused = error instanceof ApiError && error.status === 429 && exchange.method !== "GET";
        if (!refused || tried >= retries) throw error;
        const backoff = Math.random() * Math.min(BACKOFF_LIMIT_MS, BACKOFF_MS * 2 ** tried);
        await pause(error.retryAfterMs ?? backoff, signal);
      }
    }
  };
}

/** Looked up at each call, for whoever replaces the global one. */
function globalFetch(request: Request): Promise<Response> {
  return globalThis.fetch(request);
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
export function innermost(error: unknown): string {
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
