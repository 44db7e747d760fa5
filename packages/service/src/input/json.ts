import * as v from "valibot";
import { InputError } from "../errors/input-error.ts";

/** Levels of nesting; metadata is the only part that nests freely. Bounded before parsing: later code may recurse. */
const MAX_DEPTH = 32;

/** Parses JSON text, refusing what is nested too deep. @throws InputError */
export function parseJson(text: string): unknown {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character === "\\") i += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "[" || character === "{") {
      if (++depth > MAX_DEPTH) throw new InputError(`the JSON is nested over ${MAX_DEPTH} levels deep`);
    } else if (character === "]" || character === "}") depth -= 1;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError("the body is not valid JSON");
  }
}

/** The value in the form that a schema gives it. @throws InputError naming the first thing that is wrong. */
export function shaped<S extends v.GenericSchema>(value: unknown, schema: S): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  const said = withoutValue(issue);
  throw new InputError(path && NAMES.test(path) ? `${path}: ${said}` : said);
}

/** Names of our schemas; a key of the sender's own making may be anything. */
const NAMES = /^[A-Za-z_]{1,32}(\.([A-Za-z_]{1,32}|\d{1,4})){0,4}$/;

/** The library's own messages end in what was received, which may be a secret; ours don't. */
function withoutValue({ message, received, expected }: v.BaseIssue<unknown>): string {
  if (!message.endsWith(`eceived ${received}`)) return message;
  return expected ? `expected ${expected}` : "it is not valid";
}
