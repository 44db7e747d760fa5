import SchemaBuilder from "@pothos/core";
import ComplexityPlugin from "@pothos/plugin-complexity";
import DataloaderPlugin from "@pothos/plugin-dataloader";
import ErrorsPlugin from "@pothos/plugin-errors";
import RelayPlugin from "@pothos/plugin-relay";
import ScopeAuthPlugin from "@pothos/plugin-scope-auth";
import ValidationPlugin from "@pothos/plugin-validation";
import type { Context } from "./context.ts";
import { InvalidInputError, QuotaError, UnauthorizedError } from "./errors.ts";
import { decodeNodeId, isNode } from "./ids.ts";
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
    decodeGlobalID: decodeNodeId,
    nodeQueryOptions: {
      nullable: true,
      resolve: (_root, { id }, _context, _info, resolveNode) => (isNode(id) ? resolveNode(id) : null),
    },
    nodesQueryOptions: {
      nullable: { list: false, items: true },
      async resolve(_root, args, _context, _info, resolveNodes) {
        const asked = args.ids;
        // The plugin reads the arguments once more rather than what it is given.
        args.ids = asked.filter(isNode);
        const found = (await resolveNodes(args.ids)).values();
        return asked.map((id) => (isNode(id) ? found.next().value : null));
      },
    },
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
