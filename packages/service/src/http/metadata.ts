import { METADATA_MAX_BYTES, Metadata } from "@prosopon/core/contract";
import { HttpProblem } from "./problem.ts";
import { shaped } from "./json.ts";

/** @throws HttpProblem 400 */
export function checkedMetadata(value: unknown): Metadata {
  // valibot's record takes an array for an object without keys.
  if (Array.isArray(value)) throw new HttpProblem(400, "metadata must be a JSON object");
  const metadata = shaped(value, Metadata);
  if (Buffer.byteLength(JSON.stringify(metadata)) > METADATA_MAX_BYTES)
    throw new HttpProblem(400, `metadata is over ${METADATA_MAX_BYTES} bytes of JSON`);
  return metadata;
}
