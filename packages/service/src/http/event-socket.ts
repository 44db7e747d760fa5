import type { JobEvent } from "@prosopon/core/contract";
import * as v from "valibot";
import type { Claims } from "../auth/tokens.ts";
import { bearer } from "./call.ts";
import type { EventTools } from "./event-tools.ts";
import { asProblem } from "./problem.ts";
import type { Clock } from "../clock.ts";
import { CursorTooOldError, parseCursor } from "../events/job-events.ts";
import { HEARTBEAT_MS, watchSession } from "../events/watch.ts";

/** Documented in docs/protocol.md. */
const FIRST_MESSAGE_MS = 10_000;
const MAX_BUFFERED_BYTES = 1_048_576;
/** How long a reader that lags so far may take to catch up, and how often that is looked at. */
const DRAIN_MS = 10_000;
const DRAIN_LOOK_MS = 20;
/** Pings without an answer before a socket counts as dead. */
const MAX_MISSED_PONGS = 2;

/** What every WebSocket server can offer; adapters/node/sockets.ts makes one of `ws`'s. */
export interface EventSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Bytes accepted by `send` that have not left yet. */
  readonly bufferedAmount: number;
  onMessage(listener: (text: string) => void): void;
  onClose(listener: () => void): void;
  /** Both or neither: where a runtime has no pings, dead sockets are left to it. */
  ping?(): void;
  onPong?(listener: () => void): void;
}

const FirstMessage = v.object({ token: v.string(), cursor: v.optional(v.nullable(v.string())) });

/** What a socket was asked for with. */
export interface SocketRequest {
  /** Path and query. */
  url: string;
  headers: Headers;
  /** Called once its token has been found good: until then a socket is anybody's. */
  known?(): void;
}

/** Serves one socket until either side closes it. Never throws. */
export function serveEventSocket(tools: EventTools, socket: EventSocket, request: SocketRequest): void {
  const { streams, clock, logger } = tools;
  // Not by URL, which throws on targets that HTTP lets through.
  const query = new URLSearchParams(request.url.split("?", 2)[1] ?? "");
  const { known } = request;
  const abort = new AbortController();
  const close = (code: number, reason: string) => {
    if (abort.signal.aborted) return;
    abort.abort();
    socket.close(code, reason);
  };
  socket.onClose(() => abort.abort());
  abort.signal.addEventListener("abort", heartbeat(clock, socket, close));
  // Also one that has not said who it is, or is just being looked at.
  const forget = streams.onGoing(() => close(1001, "the server is going away"));
  abort.signal.addEventListener("abort", forget);
  if (abort.signal.aborted) return;

  const begin = (token: string, cursorText: string | undefined) =>
    void serve(tools, socket, { token, cursorText, known }, abort.signal, close).catch((error: unknown) => {
      if (error instanceof CursorTooOldError)
        return close(4410, "the cursor is older than what is kept: connect without one");
      const problem = asProblem(error);
      if (problem?.status === 401) return close(4401, problem.message.slice(0, 120));
      // An outage, which says so itself, once.
      if (problem?.status === 503) return close(1013, problem.message.slice(0, 120));
      logger.error({ err: error }, "an event stream failed");
      close(4500, "internal error");
    });

  const token = bearer(request.headers) ?? query.get("token") ?? undefined;
  const cursorText = query.get("cursor") ?? request.headers.get("last-event-id") ?? undefined;
  if (token) return begin(token, cursorText);

  const cancel = clock.after(FIRST_MESSAGE_MS, () => close(4408, "no token within 10 s"));
  abort.signal.addEventListener("abort", cancel);
  let asked = false;
  socket.onMessage((text) => {
    if (asked) return;
    asked = true;
    cancel();
    const message = v.safeParse(v.pipe(v.string(), v.parseJson(), FirstMessage), text);
    if (!message.success) return close(4400, 'the first message must be {"token": "…", "cursor": "…"}');
    begin(message.output.token, message.output.cursor ?? cursorText);
  });
}

interface Opening extends Pick<SocketRequest, "known"> {
  token: string;
  cursorText: string | undefined;
}

async function serve(
  tools: EventTools,
  socket: EventSocket,
  { token, cursorText, known }: Opening,
  signal: AbortSignal,
  close: (code: number, reason: string) => void,
) {
  const { events, streams, tokens, limits, clock } = tools;
  const claims: Claims = await tokens.check(token);
  known?.();
  const cursor = cursorText ? parseCursor(cursorText) : undefined;
  if (cursorText && cursor === undefined) return close(4400, "the cursor is not one of this server's");
  if (signal.aborted) return;
  const release = streams.open(claims.accountId);
  if (!release) return close(4429, `over ${limits.streams} event streams of this account are open`);
  const stopWatching = watchSession(tools, claims, ({ code, reason }) => close(code, reason));
  try {
    for await (const event of events.follow(claims.accountId, cursor, signal)) {
      if (signal.aborted) return;
      if (!(await drained(clock, socket, signal))) return close(4429, "too slow: reconnect with the cursor");
      if (signal.aborted) return;
      socket.send(JSON.stringify(event satisfies JobEvent));
    }
  } finally {
    stopWatching();
    release();
  }
}

/** Waits for a reader that lags: events are read from the storage as they are sent, so that nothing piles up meanwhile. */
async function drained(clock: Clock, socket: EventSocket, signal: AbortSignal): Promise<boolean> {
  for (let waited = 0; socket.bufferedAmount > MAX_BUFFERED_BYTES; waited += DRAIN_LOOK_MS) {
    if (waited >= DRAIN_MS) return false;
    if (signal.aborted) return true;
    await new Promise<void>((resolve) => clock.after(DRAIN_LOOK_MS, resolve));
  }
  return true;
}

/** Pings, and drops a peer that answers none of two: a cable was pulled. Returns the stop. */
function heartbeat(
  clock: Clock,
  socket: EventSocket,
  close: (code: number, reason: string) => void,
): () => void {
  if (!socket.ping) return () => {};
  let missed = 0;
  let cancel = () => {};
  socket.onPong?.(() => (missed = 0));
  const beat = () => {
    cancel = clock.after(HEARTBEAT_MS, () => {
      if (missed++ >= MAX_MISSED_PONGS) return close(1001, "no answer to pings");
      socket.ping?.();
      beat();
    });
  };
  beat();
  return () => cancel();
}
