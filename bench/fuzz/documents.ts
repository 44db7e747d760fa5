import { readFileSync } from "node:fs";
import fc from "fast-check";
import {
  buildSchema,
  getNamedType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from "graphql";
import { MARK } from "./requests.ts";

const schema = buildSchema(
  readFileSync(new URL("../../packages/graphql/schema.graphql", import.meta.url), "utf8"),
);
/** It would sign the other cases out. */
const LEFT_OUT = ["logout"];
const DEPTH = 5;

/** A number of so many, from a stream that one seed decides. */
type Pick = (count: number) => number;

/** GraphQL requests that are valid against the schema: every field, argument and type may occur, with values of its type. */
export const validDocuments: fc.Arbitrary<string> = fc
  .tuple(fc.infiniteStream(fc.nat()), fc.constantFrom("query", "query", "mutation", "subscription"))
  .map(([stream, operation]) => {
    const pick: Pick = (count) => (stream.next().value as number) % count;
    const root = {
      query: schema.getQueryType(),
      mutation: schema.getMutationType(),
      subscription: schema.getSubscriptionType(),
    }[operation]!;
    const fields = fieldsOf(root);
    // A subscription may have one field.
    const count = operation === "subscription" ? 1 : 1 + pick(3);
    const chosen = Array.from({ length: count }, (_, at) =>
      field(fields[pick(fields.length)]!, at, pick, DEPTH),
    );
    return JSON.stringify({ query: `${operation} Q { ${chosen.join(" ")} }`, operationName: "Q" });
  });

const fieldsOf = (type: GraphQLNamedType): GraphQLField<unknown, unknown>[] =>
  isObjectType(type) || isInterfaceType(type)
    ? Object.values(type.getFields()).filter(({ name }) => !LEFT_OUT.includes(name))
    : [];

/** Each under a name of its own: the same field with other arguments would be a conflict. */
function field(of: GraphQLField<unknown, unknown>, at: number, pick: Pick, depth: number): string {
  const given = of.args
    .filter(({ type }) => isNonNullType(type) || pick(2) === 0)
    .map(({ name, type }) => `${name}: ${literal(type, pick, 4)}`);
  const type = getNamedType(of.type);
  const inner = isCompositeType(type) ? ` ${selection(type, pick, depth - 1)}` : "";
  return `f${at}_${pick(1_000_000)}: ${of.name}${given.length > 0 ? `(${given.join(", ")})` : ""}${inner}`;
}

function selection(type: GraphQLNamedType, pick: Pick, depth: number): string {
  const fields = fieldsOf(type).filter(
    ({ type: inner }) => depth > 0 || !isCompositeType(getNamedType(inner)),
  );
  const chosen = Array.from({ length: Math.min(fields.length, 1 + pick(3)) }, (_, at) =>
    field(fields[pick(fields.length)]!, at, pick, depth),
  );
  if ((isUnionType(type) || isInterfaceType(type)) && depth > 0) {
    const possible = schema.getPossibleTypes(type);
    const one = possible[pick(possible.length)]!;
    chosen.push(`... on ${one.name} ${selection(one, pick, depth - 1)}`);
  }
  return `{ __typename ${chosen.join(" ")} }`;
}

const STRINGS = ["", "x", MARK, "identity_AAAAAAAAAAAAAAAA", "\0", "é".repeat(300)];

function literal(type: GraphQLInputType, pick: Pick, depth: number): string {
  if (isNonNullType(type)) return literal(type.ofType, pick, depth);
  if (isListType(type)) {
    const length = depth > 0 ? pick(4) : 0;
    return `[${Array.from({ length }, () => literal(type.ofType, pick, depth - 1)).join(", ")}]`;
  }
  if (isEnumType(type)) return type.getValues()[pick(type.getValues().length)]!.name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(
      (one) => isNonNullType(one.type) || (depth > 0 && pick(2) === 0),
    );
    return `{ ${fields.map((one) => `${one.name}: ${literal(one.type, pick, depth - 1)}`).join(", ")} }`;
  }
  if (type.name === "Int") return String([0, 1, -1, 100, 101, 2 ** 31 - 1][pick(6)]);
  if (type.name === "Float") return String([0, 0.5, -1, 1e308, 1e-300][pick(5)]);
  if (type.name === "Boolean") return pick(2) === 0 ? "true" : "false";
  return JSON.stringify(STRINGS[pick(STRINGS.length)]);
}
