import type { Auth } from "./auth.ts";
import { openDeadline } from "./deadline.ts";
import { ApiError, ConnectionError, isAuthError, isContractError } from "./errors.ts";
import { iterate } from "./iterate.ts";
import type { Server } from "./server.ts";
import { type EventStream, SocketClosedError, openSocket } from "./socket.ts";
import { openSse } from "./sse.ts";
import type { Transport } from "./transport.ts";
import type { Client, JobChange } from "./types.ts";

/** Opens one connection to the account's changes. It lives until the signal aborts or it drops. */
export type OpenEvents = (cursor: string | undefined, signal: AbortSignal) => Promise<EventStream>;

/** A socket that is not open by then is taken for blocked (some proxies swallow the upgrade), milliseconds. */
const SOCKET_OPEN_LIMIT_MS = 3_000;
/** Full jitter below 0.5, 1, 2 ... seconds, at most this. */
const RECONNECT_LIMIT_MS = 15_000;
/** Close codes that want another token: expired, and session ended. */
const TOKEN_CODES = [4401, 4403];

/** By socket, and by Server-Sent Events where there is no socket or it does not open. */
export function createOpenEvents(
  transport: Transport,
  auth: Auth,
  url: URL,
  Socket: typeof WebSocket | undefined,
): OpenEvents {
  return async (cursor, signal) => {
    if (!Socket) return openSse(transport, cursor, signal);
    const token = await auth.token();
    const opening = openDeadline({ signal, timeoutMs: SOCKET_OPEN_LIMIT_MS }, SOCKET_OPEN_LIMIT_MS);
    const line = new AbortController();
    const hangUp = (): void => line.abort(signal.reason);
    const release = (): void => signal.removeEventListener("abort", hangUp);
    signal.addEventListener("abort", hangUp);
    try {
      return attended(
        await opening.race(openSocket(Socket, url, token, cursor, line.signal)),
        token,
        auth,
        release,
      );
    } catch {
      line.abort();
      release();
      signal.throwIfAborted();
      return openSse(transport, cursor, signal);
    } finally {
      opening.close();
    }
  };
}

/** A socket that closes over its token has it renewed before anyone opens the next. */
async function* attended(
  stream: EventStream,
  token: string,
  auth: Auth,
  release: () => void,
): AsyncGenerator<JobChange, undefined, undefined> {
  try {
    return yield* stream;
  } catch (error) {
    if (error instanceof SocketClosedError && TOKEN_CODES.includes(error.code))
      await auth.renew(token, undefined);
    throw error;
  } finally {
    release();
  }
}

export function createEvents(open: OpenEvents, server: Server): Client["events"] {
  return {
    watch: (options) =>
      iterate(options, Infinity, async function* (deadline) {
        await deadline.race(server.need("The event stream"));
        let cursor = options?.cursor;
        for (let failures = 0; ; failures++) {
          try {
            const stream = await deadline.race(open(cursor, deadline.signal));
            for await (const change of stream) {
              failures = 0;
              cursor = change.cursor;
              yield change;
            }
          } catch (error) {
            deadline.signal.throwIfAborted();
            if (isFinal(error)) throw error;
            deadline.lastFailure = error;
          }
          await deadline.sleep(Math.random() * Math.min(RECONNECT_LIMIT_MS, 500 * 2 ** failures));
        }
      }),
  };
}

/** Reconnecting would meet the same answer. */
function isFinal(error: unknown): boolean {
  if (error instanceof ApiError) return error.status < 500 && ![408, 425, 429].includes(error.status);
  return isAuthError(error) || isContractError(error) || !(error instanceof ConnectionError);
}
