import * as v from "valibot";
import { Face } from "./face.ts";

/** Longest external id, characters. */
export const EXTERNAL_ID_MAX_LENGTH = 256;
/** Largest metadata document, bytes of its JSON text. */
export const METADATA_MAX_BYTES = 16_384;

/** Free JSON by key; `name` is shown by the playground when it is a string. */
export const Metadata = v.record(v.string(), v.unknown());
export type Metadata = v.InferOutput<typeof Metadata>;

/** `GET /v1/identities/{id}`. */
export const Identity = v.object({
  identity_id: v.string(),
  /** The collection that it is in. */
  collection_id: v.string(),
  /** The caller's own key for this person; unique in the collection. */
  external_id: v.optional(v.string()),
  metadata: Metadata,
  /** Oldest first. */
  faces: v.array(Face),
  /** RFC 3339, UTC. */
  created_at: v.string(),
  updated_at: v.string(),
});
export type Identity = v.InferOutput<typeof Identity>;

export const IdentityList = v.object({
  identities: v.array(Identity),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  next_cursor: v.optional(v.string()),
});
export type IdentityList = v.InferOutput<typeof IdentityList>;

/** `PATCH /v1/identities/{id}`: a null external id or metadata key is removed; what is absent stays. */
export const IdentityPatch = v.object({
  external_id: v.optional(
    v.nullable(v.pipe(v.string(), v.minLength(1), v.maxLength(EXTERNAL_ID_MAX_LENGTH))),
  ),
  metadata: v.optional(Metadata),
});
export type IdentityPatch = v.InferOutput<typeof IdentityPatch>;

/** Body form of `DELETE /innovation-service/identity`. */
export const DeleteRequest = v.object({ identity_id: v.union([v.string(), v.array(v.string())]) });
export type DeleteRequest = v.InferOutput<typeof DeleteRequest>;

/** `POST /v1/uploads`: an image sent once; name the id wherever an image part is expected. */
export const Upload = v.object({
  upload_id: v.string(),
  /** Bytes received. */
  size: v.number(),
  /** RFC 3339, UTC. Unused by then, it is erased. */
  expires_at: v.string(),
});
export type Upload = v.InferOutput<typeof Upload>;
