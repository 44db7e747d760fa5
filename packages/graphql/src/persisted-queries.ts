import { GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";

/**
 * Clients with automatic persisted queries first send a hash alone. None is kept here, and this is how they learn it: they send
 * the document from then on.
 */
export const noPersistedQueries: Plugin = {
  onParams({ params }) {
    // `null` is JSON too, whatever the type says; Yoga refuses it next.
    const { extensions, query } = (params ?? {}) as {
      extensions?: { persistedQuery?: unknown };
      query?: unknown;
    };
    if (extensions?.persistedQuery === undefined || query) return;
    throw new GraphQLError("PersistedQueryNotSupported", {
      extensions: { code: "PERSISTED_QUERY_NOT_SUPPORTED", http: { status: 200 } },
    });
  },
};
