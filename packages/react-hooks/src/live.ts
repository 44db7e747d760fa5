import { type ExecutionResult, subscriptionExchange } from "@urql/core";
import { type Client, createClient } from "graphql-ws";
import type { Session } from "./session.ts";

/** The gateway's close code for a token that is missing, not valid or over. */
const FORBIDDEN = 4403;
/** Longest pause between two tries to reconnect, milliseconds. */
const MAX_PAUSE_MS = 10_000;

export interface LiveOptions {
  /** `ws:` or `wss:`. Asked when the first subscription starts, so that a server that renders never needs it. */
  url: () => string;
  session: Session;
  webSocket?: unknown;
}

/** One socket for all subscriptions, opened by the first and closed after the last. */
export function createLive({ url, session, webSocket }: LiveOptions) {
  let socket: Client | undefined;
  // The last token did not do, however fresh it looks.
  let refused = false;
  const connect = () =>
    (socket ??= createClient({
      url,
      lazy: true,
      lazyCloseTimeout: 3_000,
      keepAlive: 15_000,
      retryAttempts: Number.POSITIVE_INFINITY,
      retryWait: (tries) =>
        new Promise((resolve) =>
          setTimeout(resolve, Math.min(MAX_PAUSE_MS, 250 * 2 ** tries) * (0.75 + Math.random() / 2)),
        ),
      shouldRetry: () => session.token() !== undefined,
      connectionParams: async () => {
        if (refused) await session.refresh();
        return { token: await session.freshToken() };
      },
      on: {
        connected: () => {
          refused = false;
        },
        closed: (event) => {
          refused = (event as CloseEvent).code === FORBIDDEN;
        },
      },
      ...(webSocket !== undefined && { webSocketImpl: webSocket }),
    }));

  const exchange = subscriptionExchange({
    forwardSubscription: ({ query = "", variables }) => ({
      subscribe(sink) {
        // Sent again as it stands after a reconnect: its cursor moves with what has arrived, so nothing is missed.
        const payload = { query, variables: { ...(variables as Record<string, unknown>) } };
        const unsubscribe = connect().subscribe(payload, {
          next(result) {
            const cursor = cursorOf(result.data);
            if (cursor !== undefined) payload.variables["after"] = cursor;
            sink.next(result as ExecutionResult);
          },
          complete: () => sink.complete(),
          error: (cause) => sink.error(cause),
        });
        return { unsubscribe };
      },
    }),
  });

  return { exchange, close: () => void socket?.dispose() };
}

function cursorOf(data: Record<string, unknown> | null | undefined): string | undefined {
  return (data?.["jobsUpdated"] as { cursor?: string } | undefined)?.cursor;
}
