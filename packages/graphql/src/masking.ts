import { GraphQLError } from "graphql";
import { withoutValues } from "./discreet.ts";
import { ExpectedError } from "./errors.ts";

/** Takes what was hidden from a caller: never holds a token, an image or an embedding. */
export interface GatewayLogger {
  error(fields: { requestId: string; error: unknown }, message: string): void;
}

export const consoleLogger: GatewayLogger = {
  error: ({ requestId, error }, message) =>
    console.error(
      `${message} (${requestId}):`,
      error instanceof Error ? (error.stack ?? error.message) : error,
    ),
};

/** Lets through what a caller can act on; anything else becomes one message with an id that is in the log too. */
export function createMask(logger: GatewayLogger): (error: unknown) => Error {
  return (error) => {
    const told = innermost(error);
    if (told instanceof ExpectedError) return located(error, told.message, { ...told.extensions });
    if (told instanceof GraphQLError) return withoutValues(error instanceof GraphQLError ? error : told);
    const requestId = requestIdOf(told) ?? crypto.randomUUID();
    logger.error({ requestId, error: told }, "A GraphQL operation failed unexpectedly");
    return located(
      error,
      "Something went wrong on the server. Try again; if it stays, report the request id.",
      {
        code: "INTERNAL_SERVER_ERROR",
        requestId,
      },
    );
  };
}

function innermost(error: unknown): unknown {
  let at = error;
  while (at instanceof GraphQLError && at.originalError) at = at.originalError;
  return at;
}

function located(error: unknown, message: string, extensions: Record<string, unknown>): GraphQLError {
  const { nodes, source, positions, path } = error instanceof GraphQLError ? error : {};
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

/** The upstream's own id leads to its log. */
function requestIdOf(error: unknown): string | undefined {
  return error instanceof Error && "requestId" in error && typeof error.requestId === "string"
    ? error.requestId
    : undefined;
}
