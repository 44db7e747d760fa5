import type { Client } from "@prosopon/core";
import { type ExecutionArgs, GraphQLError } from "graphql";
import type { Context as SocketContext, ServerOptions } from "graphql-ws";
import { bearerOf, expiryOf } from "./bearer.ts";
import type { GatewayLimits } from "./limits/limits.ts";
import type { GatewayLogger } from "./masking.ts";
import type { Sessions } from "./live/sessions.ts";
import { prove } from "./proof.ts";
import { isUnauthorized } from "./upstream.ts";

/** Close codes of our own beside those of graphql-transport-ws; docs/graphql.md lists both. */
export const closeCodes = {
  /** No token, one that the server does not take, or one that has ended since. Clients of graphql-ws reconnect with fresh connectionParams. */
  forbidden: 4403,
  /** More waits for the socket than it may. */
  tooSlow: 4413,
  /** The server behind the gateway does not answer, or the gateway is full. */
  tryAgainLater: 1013,
} as const;

/** The runtime's own socket, in what all of them share. */
export interface AnySocket {
  close(code?: number, reason?: string): void;
  /** Node (ws), Deno. */
  readonly bufferedAmount?: number;
  /** Bun. */
  getBufferedAmount?(): number;
  /** Node (ws): without waiting for the other side. */
  terminate?(): void;
}

export interface SocketExtra {
  socket: AnySocket;
  [key: PropertyKey]: unknown;
}

interface Session {
  token: string;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Ends the watch over the session at the server. */
  stop(): void;
}

interface Parts {
  // Yoga's pipeline: the same plugins, context and masking as over HTTP.
  enveloped: (initial: { token: string }) => unknown;
  clientOf(token: string): Client;
  sessions: Sessions;
  limits: GatewayLimits;
  logger: GatewayLogger;
}

interface Enveloped {
  schema: ExecutionArgs["schema"];
  parse(source: string): ExecutionArgs["document"];
  validate(schema: ExecutionArgs["schema"], document: ExecutionArgs["document"]): readonly GraphQLError[];
  contextFactory(): Promise<unknown>;
  execute(args: ExecutionArgs): never;
  subscribe(args: ExecutionArgs): never;
}

/** The longest delay that timers take. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export function createSocketOptions({
  enveloped,
  clientOf,
  sessions: watched,
  limits,
  logger,
}: Parts): ServerOptions<Record<string, unknown>, SocketExtra> {
  const sessions = new WeakMap<AnySocket, Session>();
  type Connection = SocketContext<Record<string, unknown>, SocketExtra>;

  return {
    connectionInitWaitTimeout: limits.connectionInitMs,

    async onConnect({ connectionParams, extra: { socket } }: Connection) {
      const token = tokenOf(connectionParams);
      if (token === undefined) return false;
      try {
        await prove(clientOf(token), token);
      } catch (error) {
        if (isUnauthorized(error)) return false;
        logger.error({ requestId: crypto.randomUUID(), error }, "A socket's token could not be checked");
        socket.close(closeCodes.tryAgainLater, "Try again later");
        return false;
      }
      const ends = expiryOf(token);
      if (ends !== undefined && ends <= Date.now()) return false;
      const timer =
        ends === undefined
          ? undefined
          : setTimeout(
              () => socket.close(closeCodes.forbidden, "Token expired"),
              Math.min(TIMER_MAX_MS, ends - Date.now()),
            );
      const stop = watched.watch(token, clientOf(token), () =>
        socket.close(closeCodes.forbidden, "Session ended"),
      );
      sessions.set(socket, { token, timer, stop });
      return true;
    },

    async onSubscribe({ subscriptions, extra: { socket } }: Connection, _id, payload) {
      const session = sessions.get(socket);
      if (!session) return [new GraphQLError("Sign in first.", { extensions: { code: "UNAUTHORIZED" } })];
      if (Object.keys(subscriptions).length > limits.operationsPerSocket) {
        return [
          new GraphQLError(`One socket runs at most ${limits.operationsPerSocket} operations at a time.`, {
            extensions: { code: "TOO_MANY_OPERATIONS", limit: limits.operationsPerSocket },
          }),
        ];
      }
      // For Yoga it is a request of its own: `params` and `token` are what its plugins and our context read.
      const initial = { token: session.token, params: payload };
      const { schema, parse, validate, contextFactory, execute, subscribe } = enveloped(initial) as Enveloped;
      try {
        const document = parse(payload.query);
        const errors = validate(schema, document);
        if (errors.length > 0) return errors;
        return {
          schema,
          document,
          operationName: payload.operationName,
          variableValues: payload.variables,
          contextValue: await contextFactory(),
          rootValue: { execute, subscribe },
        };
      } catch (error) {
        if (error instanceof GraphQLError) return [error];
        throw error;
      }
    },

    // The functions of this very operation, which onSubscribe has passed on.
    execute: (args) => (args.rootValue as Enveloped).execute(args),
    subscribe: (args) => (args.rootValue as Enveloped).subscribe(args),

    onNext({ extra: { socket } }) {
      const waiting = socket.bufferedAmount ?? socket.getBufferedAmount?.() ?? 0;
      if (waiting <= limits.socketBacklogBytes) return;
      socket.close(closeCodes.tooSlow, "Too slow");
      // A socket that does not read does not answer the close either.
      socket.terminate?.();
    },

    onClose({ extra: { socket } }) {
      clearTimeout(sessions.get(socket)?.timer);
      sessions.get(socket)?.stop();
      sessions.delete(socket);
    },
  };
}

/** `{ token }`, or a header as HTTP has it: `{ authorization: "Bearer ..." }`, however capitalised, also within `headers`. */
function tokenOf(params: Record<string, unknown> | undefined): string | undefined {
  const nested = params?.["headers"];
  const headers =
    typeof nested === "object" && nested !== null ? (nested as Record<string, unknown>) : undefined;
  return tokenAmong(params) ?? tokenAmong(headers);
}

function tokenAmong(params: Record<string, unknown> | undefined): string | undefined {
  const text = (key: string): string | undefined => {
    const value = Object.entries(params ?? {}).find(([name]) => name.toLowerCase() === key)?.[1];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  return text("token") ?? bearerOf(text("authorization"));
}
