import type * as v from "valibot";
import { parseJson, shaped } from "../input/json.ts";
import { JSON_BODY_BYTES } from "../limits.ts";
import { HttpProblem } from "./problem.ts";
import { readBody } from "./body.ts";
import type { Call } from "./call.ts";

/** Text of the body whatever its declared type: published clients declare form or none for JSON. */
export async function readText(call: Call): Promise<string> {
  const bytes = await readBody(call.request, JSON_BODY_BYTES, call.deps.limits);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new HttpProblem(400, "the body is not UTF-8 text");
  }
}

/** The body as JSON of a shape. @throws InputError naming the first thing that is wrong. */
export async function readJson<S extends v.GenericSchema>(call: Call, schema: S): Promise<v.InferOutput<S>> {
  return shaped(parseJson(await readText(call)), schema);
}
