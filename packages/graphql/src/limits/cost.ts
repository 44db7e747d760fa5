import { complexityFromQuery } from "@pothos/plugin-complexity";
import { type DocumentNode, type ExecutionArgs, getOperationAST, GraphQLError, Kind } from "graphql";
import type { Plugin } from "graphql-yoga";

/** Refuses an operation by the weight of its fields before anything of it runs, and says the weight in `extensions.cost` of its answer. */
export function costLimit(limit: number): Plugin {
  const measure = (args: ExecutionArgs) => {
    const { complexity, depth } = complexityFromQuery(alone(args), {
      schema: args.schema,
      ctx: args.contextValue as object,
      variables: { ...args.variableValues },
    });
    return { used: complexity, limit, depth };
  };
  const refusal = (cost: { used: number }): GraphQLError =>
    new GraphQLError(
      `This operation costs ${cost.used}; the limit is ${limit}. Ask for fewer or shorter lists.`,
      { extensions: { code: "TOO_COSTLY", cost } },
    );

  return {
    onExecute({ args, setResultAndStopExecution }) {
      const cost = attempt(() => measure(args));
      if (!cost) return;
      if (cost.used > limit) {
        setResultAndStopExecution({ errors: [refusal(cost)], extensions: { cost } });
        return;
      }
      return {
        onExecuteDone({ result, setResult }) {
          if (Symbol.asyncIterator in result) return;
          setResult({ ...result, extensions: { ...result.extensions, cost } });
        },
      };
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const cost = attempt(() => measure(args));
      if (cost && cost.used > limit)
        setResultAndStopExecution({ errors: [refusal(cost)], extensions: { cost } });
    },
  };
}

/** The plugin measures the first operation of a document, whichever is to run: so it gets only that one. */
function alone({ document, operationName }: ExecutionArgs): DocumentNode {
  const operation = getOperationAST(document, operationName);
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return { ...document, definitions: operation ? [operation, ...fragments] : fragments };
}

/** Variables that do not fit their types, or no operation: execution says so better. */
function attempt<T>(measure: () => T): T | undefined {
  try {
    return measure();
  } catch {
    return undefined;
  }
}
