import type { Types } from "@graphql-codegen/plugin-helpers";
import {
  buildASTSchema,
  concatAST,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  validate,
  visit,
} from "graphql";

/** The query of a whole job asks for what each kind tells: every fragment on a type of job. */
export function withKinds(files: Types.DocumentFile[], schema: DocumentNode): Types.DocumentFile[] {
  const kinds = new Set(
    schema.definitions
      .filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION)
      .filter(({ interfaces }) => interfaces?.some(({ name }) => name.value === "Job"))
      .map(({ name }) => name.value),
  );
  const spreads = files
    .flatMap(({ document }) => document?.definitions ?? [])
    .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
    .filter(({ typeCondition }) => kinds.has(typeCondition.name.value))
    .map(({ name }): SelectionNode => ({ kind: Kind.FRAGMENT_SPREAD, name }))
    .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
  return files.map((file) => ({
    ...file,
    ...(file.document && {
      document: visit(file.document, {
        OperationDefinition: (node) => (node.name?.value === "Job" ? undefined : false),
        Field: (node) =>
          node.name.value === "job" && node.selectionSet
            ? {
                ...node,
                selectionSet: {
                  ...node.selectionSet,
                  selections: [...node.selectionSet.selections, ...spreads],
                },
              }
            : undefined,
      }),
    }),
  }));
}

const nameOf = (node: SelectionNode): string => ("name" in node && node.name ? node.name.value : "");

/** The same files. What was added to them has not been looked at yet: kinds may ask for fields of one name and different types. */
export function valid(files: Types.DocumentFile[], schema: DocumentNode): Types.DocumentFile[] {
  const errors = validate(buildASTSchema(schema), concatAST(files.flatMap(({ document }) => document ?? [])));
  if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join("\n"));
  return files;
}
