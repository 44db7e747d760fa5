import {
  GraphQLError,
  Kind,
  type ASTVisitor,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from "graphql";
import type { GatewayLimits } from "./limits.ts";

interface Size {
  depth: number;
  fields: number;
}

/**
 * Refuses a document by its depth, its fields once fragments are spread out, its aliases and its directives. A fragment is measured once
 * however often it is spread, so that measuring costs no more than reading: doubling fragments (2 to the n fields) are counted, not walked.
 */
export function documentLimits(
  limits: Pick<GatewayLimits, "depth" | "fields" | "aliases" | "directives">,
): ValidationRule {
  return (context: ValidationContext): ASTVisitor => {
    const sizes = new Map<string, Size>();
    let aliases = 0;
    let directives = 0;

    const measureFragment = (fragment: FragmentDefinitionNode): Size => {
      const known = sizes.get(fragment.name.value);
      if (known) return known;
      // Stands for itself while it is measured; that fragments spread themselves is refused by the specified rules.
      sizes.set(fragment.name.value, { depth: 0, fields: 0 });
      const size = measure(fragment.selectionSet);
      sizes.set(fragment.name.value, size);
      return size;
    };

    const measure = ({ selections }: SelectionSetNode): Size => {
      const total: Size = { depth: 0, fields: 0 };
      for (const node of selections) {
        let size: Size = { depth: 0, fields: 0 };
        if (node.kind === Kind.FIELD) {
          // Introspection is deep by nature; graphql-js bounds how its lists nest.
          const inner = node.selectionSet ? measure(node.selectionSet) : size;
          size = { depth: node.name.value.startsWith("__") ? 1 : inner.depth + 1, fields: inner.fields + 1 };
        } else if (node.kind === Kind.INLINE_FRAGMENT) {
          size = measure(node.selectionSet);
        } else {
          const fragment = context.getFragment(node.name.value);
          if (fragment) size = measureFragment(fragment);
        }
        total.depth = Math.max(total.depth, size.depth);
        total.fields = Math.min(Number.MAX_SAFE_INTEGER, total.fields + size.fields);
      }
      return total;
    };

    const refuse = (what: string, found: number, limit: number, code: string): void =>
      context.reportError(
        new GraphQLError(
          `This document has ${found > 1e6 ? "over a million" : found} ${what}; the limit is ${limit}.`,
          { extensions: { code, limit } },
        ),
      );

    return {
      OperationDefinition(node) {
        const { depth, fields } = measure(node.selectionSet);
        if (depth > limits.depth) refuse("levels of nesting", depth, limits.depth, "TOO_DEEP");
        if (fields > limits.fields) refuse("fields", fields, limits.fields, "TOO_MANY_FIELDS");
      },
      Field(node) {
        if (node.alias) aliases++;
      },
      Directive() {
        directives++;
      },
      Document: {
        leave() {
          if (aliases > limits.aliases) refuse("aliases", aliases, limits.aliases, "TOO_MANY_ALIASES");
          if (directives > limits.directives)
            refuse("directives", directives, limits.directives, "TOO_MANY_DIRECTIVES");
        },
      },
    };
  };
}
