import { type GraphQLSchema, NoSchemaIntrospectionCustomRule, parse } from "graphql";
import type { ServerOptions } from "graphql-ws";
import { createYoga, type Plugin } from "graphql-yoga";
import { bearerOf, expiryOf } from "./bearer.ts";
import { createClients } from "./clients.ts";
import type { ClientFactory, Context } from "./context.ts";
import { discreet } from "./discreet.ts";
import { graphiqlOptions, graphiqlPolicy, renderGraphiql } from "./graphiql.ts";
import { createAdmission } from "./limits/admission.ts";
import { costLimit } from "./limits/cost.ts";
import { documentLimits } from "./limits/document.ts";
import { defaultGatewayLimits, type GatewayLimits } from "./limits/limits.ts";
import { uploadLimit } from "./limits/uploads.ts";
import { createChanges } from "./live/changes.ts";
import { createAccountStream } from "./live/account-stream.ts";
import { createAccountStreams } from "./live/account-streams.ts";
import { createSessions } from "./live/sessions.ts";
import { consoleLogger, createMask, type GatewayLogger } from "./masking.ts";
import { schema } from "./schema.ts";
import { noPersistedQueries } from "./persisted-queries.ts";
import { createProofs } from "./proof.ts";
import { createSocketOptions, type SocketExtra } from "./socket.ts";

export interface GatewayOptions {
  /** E.g. `(auth) => createClient({ baseUrl, ...auth })`, or with `fetch: service.fetch` for a service in the same process. */
  client: ClientFactory;
  /** Where HTTP, Server-Sent Events and sockets are served. Default `/graphql`. */
  path?: string;
  /** Default true. It tells the schema only; all operations but signing in need a token. */
  introspection?: boolean;
  /** GraphiQL for browsers that open `path`; bundled, works offline. Default false. */
  graphiql?: boolean;
  limits?: Partial<GatewayLimits>;
  /** Default: standard error. */
  logger?: GatewayLogger;
}

export interface Gateway {
  /** GraphQL over HTTP with multipart uploads, and subscriptions over Server-Sent Events. Never rejects. */
  fetch(request: Request): Promise<Response>;
  /** For graphql-ws on any runtime; `adapters/` do the rest. */
  readonly socketOptions: ServerOptions<Record<string, unknown>, SocketExtra>;
  readonly schema: GraphQLSchema;
  readonly path: string;
  readonly limits: GatewayLimits;
  /**
   * A session of the server behind the gateway has ended: its streams and sockets do too. Without being told the gateway finds
   * out within 15 s.
   */
  sessionEnded(sessionId: string): void;
  /** Ends every subscription; sockets are closed by whoever opened them. */
  close(): Promise<void>;
}

export function createGateway(options: GatewayOptions): Gateway {
  const {
    client: make,
    path = "/graphql",
    introspection = true,
    graphiql = false,
    logger = consoleLogger,
  } = options;
  const limits: GatewayLimits = { ...defaultGatewayLimits, ...options.limits };
  const clientOf = createClients(make);
  const streams = createAccountStreams(createAccountStream);
  const sessions = createSessions();

  const contextOf = (token: string | undefined): Context => {
    const client = clientOf(token);
    const tokenExpiresAt = token === undefined ? undefined : expiryOf(token);
    return {
      token,
      tokenExpiresAt,
      client,
      clientFor: make,
      changes: createChanges({ client, token, tokenExpiresAt }, sessions, streams.of),
    };
  };

  const rules: Plugin = {
    onParse: ({ setParseFn }) => setParseFn((source: string) => parse(source, { maxTokens: limits.tokens })),
    onValidate({ addValidationRule }) {
      addValidationRule(documentLimits(limits));
      if (!introspection) addValidationRule(NoSchemaIntrospectionCustomRule);
    },
  };

  const yoga = createYoga<{ token?: string }, Context>({
    schema,
    // The runtime's own: with Yoga's default on Node an uploaded file would be no `File`, and no `Blob` that fetch can send on.
    fetchAPI: {
      Request,
      Response,
      Headers,
      FormData,
      File,
      Blob,
      ReadableStream,
      TransformStream,
      URL,
      fetch,
    },
    graphqlEndpoint: path,
    context: ({ token, request }) => contextOf(token ?? bearerOf(request?.headers.get("authorization"))),
    plugins: [discreet, noPersistedQueries, rules, costLimit(limits.cost), uploadLimit(limits)],
    maskedErrors: { maskError: createMask(logger), isDev: false },
    batching: { limit: limits.batch },
    maxRequestBodySize: Math.max(limits.uploadBytes, limits.requestBytes),
    graphiql: graphiql && graphiqlOptions,
    renderGraphiQL: renderGraphiql,
    landingPage: false,
    // Without cookies an origin proves nothing: the bearer token is the only credential.
    cors: { origin: "*", credentials: false, methods: ["GET", "POST", "OPTIONS"], maxAge: 86_400 },
    logging: false,
  });

  const admit = createAdmission(limits, createProofs(clientOf), async (request) =>
    graphiqlPolicy(request, await yoga.fetch(request)),
  );

  return {
    // All that rejects here is a body that broke off: its sender is gone.
    fetch: async (request) => unkept(await admit(request).catch(() => new Response(null, { status: 400 }))),
    socketOptions: createSocketOptions({ enveloped: yoga.getEnveloped, clientOf, sessions, limits, logger }),
    schema,
    path,
    limits,
    sessionEnded: (sessionId) => sessions.ended(sessionId),
    async close() {
      streams.close();
      sessions.close();
      await yoga.dispose();
    },
  };
}

/** What is told to one caller is no cache's to keep, and nobody's to take for something else. */
function unkept(response: Response): Response {
  response.headers.set("cache-control", "no-store");
  response.headers.set("x-content-type-options", "nosniff");
  return response;
}
