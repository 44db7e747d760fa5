/** Codegen plugin: what the cache must know of the schema, and no more of it. */
import type { CodegenPlugin } from "@graphql-codegen/plugin-helpers";
import { isAbstractType, isObjectType } from "graphql";

export const plugin: CodegenPlugin["plugin"] = (schema) => {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].map(
    (type) => type?.name,
  );
  const possible = types
    .filter(isAbstractType)
    .map(
      (type) =>
        [
          type.name,
          schema
            .getPossibleTypes(type)
            .map(({ name }) => name)
            .sort(),
        ] as const,
    )
    .sort(([a], [b]) => a.localeCompare(b));
  const keyless = types
    .filter(isObjectType)
    .filter((type) => !roots.includes(type.name) && !("id" in type.getFields()))
    .map(({ name }) => name)
    .sort();
  return [
    "/** The types that an interface or union stands for. */",
    `export const possibleTypes: Record<string, string[]> = ${JSON.stringify(Object.fromEntries(possible), null, 2)};`,
    "",
    "/** Types without an id: they live inside the record that holds them. */",
    `export const keyless: string[] = ${JSON.stringify(keyless)};`,
  ].join("\n");
};
