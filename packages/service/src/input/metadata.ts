import { METADATA_MAX_BYTES, Metadata } from "@prosopon/core/contract";
import { InputError } from "../errors/input-error.ts";
import { shaped } from "./json.ts";

/** @throws InputError */
export function checkedMetadata(value: unknown): Metadata {
  // valibot's record takes an array for an object without keys.
  if (Array.isArray(value)) throw new InputError("metadata must be a JSON object");
  const metadata = shaped(value, Metadata);
  if (Buffer.byteLength(JSON.stringify(metadata)) > METADATA_MAX_BYTES)
    throw new InputError(`metadata is over ${METADATA_MAX_BYTES} bytes of JSON`);
  return metadata;
}
