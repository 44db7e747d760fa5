import { Client, CombinedError, type Exchange, fetchExchange, mapExchange } from "@urql/core";
import { authExchange } from "@urql/exchange-auth";
import { prosoponCache } from "./cache.ts";
import { createLive } from "./live.ts";
import type { Session } from "./session.ts";

export interface ClientOptions {
  /** Of the gateway, e.g. `/graphql` or `https://faces.example/graphql`. */
  url: string;
  session: Session;
  /** Default: `url` with `ws` for `http`. */
  webSocketUrl?: string;
  /** Default: the runtime's own. */
  fetch?: typeof fetch;
  webSocket?: unknown;
}

/** A cache and a socket of their own: make one for each signed-in person, and close it after them. */
export function createProsoponClient({ url, session, webSocketUrl, fetch, webSocket }: ClientOptions): {
  client: Client;
  close: () => void;
} {
  const live = createLive({
    session,
    url: () => webSocketUrl ?? new URL(url, globalThis.location?.href).href.replace(/^http/, "ws"),
    webSocket,
  });
  const client = new Client({
    url,
    preferGetMethod: false,
    exchanges: [prosoponCache(), auth(session), refusals, fetchExchange, live.exchange],
    ...(fetch && { fetch }),
  });
  return { client, close: live.close };
}

/** A refusal for want of a token comes as an error or as a member of a mutation's union: for the auth exchange it is the same. */
const refusals = mapExchange({
  onResult(result) {
    const members = Object.values(
      (result.data ?? {}) as Record<string, { __typename?: string; code?: string; message?: string } | null>,
    );
    const refused = members.find(
      (member) => member?.__typename === "UnauthorizedError" && member.code === "UNAUTHORIZED",
    );
    if (!refused || result.error) return result;
    const error = { message: refused.message ?? "Sign in first.", extensions: { code: "UNAUTHORIZED" } };
    return { ...result, error: new CombinedError({ graphQLErrors: [error] }) };
  },
});

function auth(session: Session): Exchange {
  return authExchange(async ({ appendHeaders }) => ({
    addAuthToOperation(operation) {
      const token = session.token();
      return token === undefined ? operation : appendHeaders(operation, { authorization: `Bearer ${token}` });
    },
    willAuthError: () => session.isStale(),
    didAuthError: (error) => isUnauthorized(error),
    async refreshAuth() {
      await session.refresh();
    },
  }));
}

function isUnauthorized({ graphQLErrors, response }: CombinedError): boolean {
  return (
    (response as Response | undefined)?.status === 401 ||
    graphQLErrors.some(({ extensions }) => extensions?.["code"] === "UNAUTHORIZED")
  );
}
