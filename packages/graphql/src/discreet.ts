import { GraphQLError, Kind } from "graphql";
import type { Plugin } from "graphql-yoga";
import { ExpectedError } from "./errors.ts";

/**
 * graphql-js prints what it was sent into its messages, whole: a secret of the wrong type, an image in base64. Its messages are
 * told again without values; where it is stays in `locations`.
 */
export function withoutValues(error: GraphQLError): GraphQLError {
  if (error instanceof ExpectedError) return error;
  const message = retold(error);
  if (message === error.message) return error;
  const { nodes, source, positions, path, extensions } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

/** Longer than any name of the schema. */
const LONGEST_NAME = 48;

function retold({ message, originalError, nodes }: GraphQLError): string {
  if (message.startsWith("Syntax Error")) return message.replaceAll(/ ?"[^]{4,}"/g, "");
  const variable = /^Variable "\$(\w{1,48})" got invalid value /.exec(message)?.[1];
  if (variable !== undefined) {
    const cause = originalError?.message ?? "";
    const place = / at "([\w.]{1,200})"$/.exec(message.slice(0, message.length - cause.length - 2))?.[1];
    return `Variable "$${variable}" has an invalid value${place ? ` at "${place}"` : ""}: ${expectation(cause)}`;
  }
  if (nodes?.some(({ kind }) => kind.endsWith("Value") || kind === Kind.OBJECT_FIELD))
    return expectation(message);
  return message.replaceAll(/"[^"]*"/g, (quoted) => (quoted.length > LONGEST_NAME + 2 ? '"…"' : quoted));
}

/** What the schema expects, without what came. */
function expectation(message: string): string {
  const type = /^(\w{1,48}) cannot represent/.exec(message)?.[1];
  if (type) return `it is not of type ${type}.`;
  const expected =
    /^Expected value of type "([\w![\]]{1,60})"/.exec(message)?.[1] ??
    /^Expected type "([\w![\]]{1,60})"/.exec(message)?.[1];
  if (expected) return `it is not of type ${expected}.`;
  const non = /^Expected non-nullable type "([\w![\]]{1,60})"/.exec(message)?.[1];
  if (non) return `it must not be null, but ${non}.`;
  const member =
    /(?:does not exist in|is not one of) "(\w{1,48})" enum/.exec(message)?.[1] ??
    /^Enum "(\w{1,48})" cannot represent/.exec(message)?.[1];
  if (member) return `it is not a value of ${member}.`;
  const missing = /^Field "([\w.]{1,100})" of required type "([\w![\]]{1,60})" was not provided/.exec(
    message,
  );
  if (missing) return `the field ${missing[1]} of type ${missing[2]} is missing.`;
  const unknown = /is not defined by type "(\w{1,48})"/.exec(message)?.[1];
  if (unknown) return `${unknown} has no such field.`;
  if (/^(Send the file|A file cannot be)/.test(message)) return message;
  return "it is not what the schema expects.";
}

/** Applies to what is found while a document is read and judged; what is found while it runs passes through the mask. */
export const discreet: Plugin = {
  onParse:
    () =>
    ({ result, replaceParseResult }) => {
      if (result instanceof GraphQLError) replaceParseResult(withoutValues(result));
    },
  onValidate:
    () =>
    ({ result, setResult }) => {
      if (result.length > 0) setResult((result as readonly GraphQLError[]).map(withoutValues));
    },
};
