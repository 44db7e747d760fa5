import { GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";

/** Bounds the files of one operation; a file named twice counts twice, for it is sent on twice. */
export function uploadLimit(limit: number): Plugin {
  return {
    onParams({ params }) {
      const found = countFiles(params.variables);
      if (found <= limit) return;
      throw new GraphQLError(`This request has ${found} files; the limit is ${limit}.`, { extensions: { code: "TOO_MANY_FILES", limit, http: { status: 413 } } });
    },
  };
}

function countFiles(value: unknown): number {
  if (value instanceof Blob) return 1;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>((sum, inner) => sum + countFiles(inner), 0);
}
