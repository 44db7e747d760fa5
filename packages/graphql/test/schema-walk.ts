import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isCompositeType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from "graphql";

/** Every field that callers begin with, e.g. `Query.identity`. */
export function rootFields(schema: GraphQLSchema): string[] {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
    .filter((type): type is GraphQLObjectType => type != null)
    .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
}

/** Every place in the arguments of any field that takes a value, e.g. `Query.identities(filter.text)`, with its type's name. */
export function inputs(schema: GraphQLSchema): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (of: string, place: string, { type }: GraphQLArgument | GraphQLInputField): void => {
    const named = getNamedType(type);
    if (!isInputObjectType(named)) found.set(`${of}(${place})`, named.name);
    else for (const field of Object.values(named.getFields())) walk(of, `${place}.${field.name}`, field);
  };
  for (const type of objects(schema))
    for (const field of Object.values(type.getFields()))
      for (const argument of field.args) walk(`${type.name}.${field.name}`, argument.name, argument);
  return found;
}

/** Types that `node` finds. */
export function nodeTypes(schema: GraphQLSchema): string[] {
  const node = schema.getType("Node");
  return isInterfaceType(node) ? schema.getPossibleTypes(node).map(({ name }) => name) : [];
}

const objects = (schema: GraphQLSchema): GraphQLObjectType[] =>
  Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith("__"),
  );

/** A selection of all that a type has to tell, `depth` levels of objects down. */
export function everythingOf(schema: GraphQLSchema, name: string, depth: number): string {
  return selection(schema, schema.getType(name)!, depth);
}

function selection(schema: GraphQLSchema, type: GraphQLNamedType, depth: number): string {
  if (isUnionType(type) || isInterfaceType(type)) {
    const possible = schema.getPossibleTypes(type);
    return `{ __typename ${possible.map((one) => `... on ${one.name} ${selection(schema, one, depth)}`).join(" ")} }`;
  }
  if (!isObjectType(type)) return "";
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const named = getNamedType(field.type);
    if (field.args.some(isRequiredArgument) || (isCompositeType(named) && depth === 0)) return [];
    // Fields of one name may differ in their nullability from type to type; an alias each keeps them apart.
    const nested = isCompositeType(named) ? selection(schema, named, depth - 1) : "";
    return [`${type.name}_${field.name}: ${field.name} ${nested}`];
  });
  return `{ __typename ${fields.join(" ")} }`;
}
