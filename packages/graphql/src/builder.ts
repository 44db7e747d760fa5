import SchemaBuilder from "@pothos/core";
import ComplexityPlugin from "@pothos/plugin-complexity";
import DataloaderPlugin from "@pothos/plugin-dataloader";
import ErrorsPlugin from "@pothos/plugin-errors";
import RelayPlugin from "@pothos/plugin-relay";
import ScopeAuthPlugin from "@pothos/plugin-scope-auth";
import ValidationPlugin from "@pothos/plugin-validation";
import type { Context } from "./context.ts";
import { InvalidInputError, QuotaError, UnauthorizedError } from "./errors.ts";
import { issuePath } from "./schema/issue-path.ts";

export const builder = new SchemaBuilder<{
  Context: Context;
  AuthScopes: { authenticated: boolean };
  DefaultFieldNullability: false;
  Scalars: {
    DateTime: { Input: string; Output: string };
    File: { Input: File; Output: never };
    ID: { Input: string; Output: string };
    JSON: { Input: unknown; Output: unknown };
  };
}>({
  // The first plugin's wrapper is the outermost: errors must see what validation and authorisation throw.
  plugins: [ErrorsPlugin, RelayPlugin, ScopeAuthPlugin, ValidationPlugin, DataloaderPlugin, ComplexityPlugin],
  defaultFieldNullability: false,
  errors: {
    // Any mutation may meet these; what else it may meet stands beside it.
    defaultTypes: [InvalidInputError, QuotaError, UnauthorizedError],
    directResult: true,
    defaultUnionOptions: {
      name: ({ fieldName }) => `${fieldName[0]?.toUpperCase()}${fieldName.slice(1)}Result`,
    },
    // Else validation errors skip the union. Nothing is read before authorisation by doing so: inputs are checked for shape only.
    unsafelyHandleInputErrors: true,
  },
  relay: {
    clientMutationId: "omit",
    cursorType: "String",
    nodeQueryOptions: { nullable: true },
    nodesQueryOptions: { nullable: { list: false, items: true } },
  },
  scopeAuth: {
    authScopes: ({ token }) => ({ authenticated: token !== undefined }),
    authorizeOnSubscribe: true,
    unauthorizedError: () => new UnauthorizedError(),
  },
  validation: {
    validationError: ({ issues }) =>
      new InvalidInputError(issues.map((issue) => ({ message: issue.message, path: issuePath(issue.path) }))),
  },
  // The gateway refuses by cost before anything runs (limits/cost.ts); this only carries the fields' weights.
  complexity: { defaultComplexity: 1, defaultListMultiplier: 5 },
});
