/** Codegen plugin: one hook for each mutation that starts a job, which follows that job to its results. */
import type { CodegenPlugin } from "@graphql-codegen/plugin-helpers";
import {
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
} from "graphql";

interface Config {
  /** Module that holds the documents and types. */
  from: string;
}

export const plugin: CodegenPlugin<Config>["plugin"] = (schema, files, { from }) => {
  const job = schema.getType("Job");
  const mutations = schema.getMutationType()?.getFields() ?? {};
  const jobs = isInterfaceType(job) ? schema.getPossibleTypes(job) : [];
  const starts = files
    .flatMap(({ document }) => document?.definitions ?? [])
    .filter((node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION)
    .filter(({ operation }) => operation === OperationTypeNode.MUTATION)
    .flatMap((node) => {
      const [selected] = node.selectionSet.selections;
      const field = selected?.kind === Kind.FIELD ? selected.name.value : "";
      const answer = mutations[field] && getNamedType(mutations[field].type);
      const input = mutations[field]?.args[0] && getNamedType(mutations[field].args[0].type);
      const type = jobs.find(
        (one) => answer && !isObjectType(answer) && "getTypes" in answer && answer.getTypes().includes(one),
      );
      return type && input && node.name
        ? [{ name: node.name.value, field, type: type.name, input: input.name }]
        : [];
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return {
    prepend: [
      `import * as operations from "${from}";`,
      'import { type JobRun, useJobRun } from "../use-job-run.ts";',
      "",
    ],
    content: [
      "/** The mutations that start a job. */",
      `export const startingMutations: string[] = ${JSON.stringify(starts.map(({ field }) => field))};`,
      ...starts.map(({ name, type, input }) =>
        [
          "",
          `export function use${name}(): JobRun<operations.${input}, "${type}"> {`,
          `  return useJobRun(operations.${name}Document, "${type}");`,
          "}",
        ].join("\n"),
      ),
    ].join("\n"),
  };
};
