import { EXTERNAL_ID_MAX_LENGTH, METADATA_MAX_BYTES } from "@prosopon/core/contract";
import * as v from "valibot";

/** What an input may say of an identity. */
export const externalId = v.nullish(
  v.pipe(
    v.string(),
    v.minLength(1, "externalId must not be empty."),
    v.maxLength(EXTERNAL_ID_MAX_LENGTH, `externalId must have at most ${EXTERNAL_ID_MAX_LENGTH} characters.`),
  ),
);
export const metadata = v.nullish(
  v.pipe(
    v.record(v.string(), v.unknown(), "metadata must be a JSON object."),
    v.check(
      (value) => new TextEncoder().encode(JSON.stringify(value)).length <= METADATA_MAX_BYTES,
      `metadata must be at most ${METADATA_MAX_BYTES} bytes of JSON.`,
    ),
  ),
);

/** Where they are, for errors. */
export const IDENTITY_PATH = ["input", "identityId"];
export const EXTERNAL_ID_PATH = ["input", "externalId"];
export const METADATA_PATH = ["input", "metadata"];
