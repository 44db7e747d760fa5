import type * as v from "valibot";
import { parseJson, shaped } from "../input/json.ts";
import { JSON_BODY_BYTES } from "../limits.ts";
import { HttpProblem } from "./problem.ts";
import { type BodyPace, readBody } from "./body.ts";

/** Text of the body whatever its declared type: published clients declare form or none for JSON. */
export async function readText(request: Request, limits: BodyPace): Promise<string> {
  const bytes = await readBody(request, JSON_BODY_BYTES, limits);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new HttpProblem(400, "the body is not UTF-8 text");
  }
}

/** The body as JSON of a shape. @throws InputError naming the first thing that is wrong. */
export async function readJson<S extends v.GenericSchema>(
  request: Request,
  schema: S,
  limits: BodyPace,
): Promise<v.InferOutput<S>> {
  return shaped(parseJson(await readText(request, limits)), schema);
}
