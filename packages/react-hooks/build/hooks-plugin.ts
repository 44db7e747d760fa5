/** Codegen plugin: one typed hook an operation, over the documents and types generated beside it. */
import type { CodegenPlugin } from "@graphql-codegen/plugin-helpers";
import { Kind, type OperationDefinitionNode, OperationTypeNode } from "graphql";

interface Config {
  /** Module that holds the documents and types. */
  from: string;
}

export const plugin: CodegenPlugin<Config>["plugin"] = (_schema, files, { from }) => {
  const operations = files
    .flatMap(({ document }) => document?.definitions ?? [])
    .filter((node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION)
    .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
  return {
    prepend: [
      'import * as urql from "urql";',
      `import * as operations from "${from}";`,
      "",
      'type Args<Variables extends urql.AnyVariables, Data> = Omit<urql.UseQueryArgs<Variables, Data>, "query">;',
      'type LiveArgs<Variables extends urql.AnyVariables, Data> = Omit<urql.UseSubscriptionArgs<Variables, Data>, "query">;',
    ],
    content: operations.map(hook).join("\n\n"),
  };
};

function nameOf({ name }: OperationDefinitionNode): string {
  if (!name) throw new Error("Every operation needs a name: the hook is called after it.");
  return name.value;
}

function hook(node: OperationDefinitionNode): string {
  const name = nameOf(node);
  const base = name + node.operation.charAt(0).toUpperCase() + node.operation.slice(1);
  const data = `operations.${base}`;
  const variables = `operations.${base}Variables`;
  const document = `operations.${name}Document`;
  if (node.operation === OperationTypeNode.MUTATION) {
    return [
      `export function use${base}(): urql.UseMutationResponse<${data}, ${variables}> {`,
      `  return urql.useMutation<${data}, ${variables}>(${document});`,
      "}",
    ].join("\n");
  }
  const required = node.variableDefinitions?.some(
    ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && !defaultValue,
  );
  const live = node.operation === OperationTypeNode.SUBSCRIPTION;
  const args = `args: ${live ? "LiveArgs" : "Args"}<${variables}, ${data}>${required ? "" : " = {}"}`;
  const handler = live ? `, handler?: urql.SubscriptionHandler<${data}, ${data}>` : "";
  const answer = live
    ? `urql.UseSubscriptionResponse<${data}, ${variables}>`
    : `urql.UseQueryResponse<${data}, ${variables}>`;
  const call = live
    ? `urql.useSubscription<${data}, ${data}, ${variables}>({ ...args, query: ${document} } as urql.UseSubscriptionArgs<${variables}, ${data}>, handler)`
    : `urql.useQuery<${data}, ${variables}>({ ...args, query: ${document} } as urql.UseQueryArgs<${variables}, ${data}>)`;
  return [`export function use${base}(${args}${handler}): ${answer} {`, `  return ${call};`, "}"].join("\n");
}
