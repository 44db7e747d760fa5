import * as v from "valibot";

/** Every account has a collection of this name, which the documented routes use; it is neither renamed nor deleted. */
export const DEFAULT_COLLECTION = "default";

/** 1 to 64 characters: words with single spaces between, without control characters, `/`, `\\`, `?`, `#` and `%`; not `.` or `..`, which no address can hold. */
export const CollectionName = v.pipe(
  v.string(),
  v.maxLength(64, "must have at most 64 characters"),
  v.regex(
    /^(?!\.{1,2}$|.*[^ -~\u00a0-\uffff])[^\s/\\?#%]+( [^\s/\\?#%]+)*$/,
    "must be words with single spaces between, without control characters, / \\ ? # and %, and not . or ..",
  ),
);

/** What holds for the people of a collection. */
export const CollectionSettings = v.object({
  /** Keep a 160 px JPEG of every enrolled face. */
  keep_crops: v.boolean(),
  /** Fail an enrolment whose photos seem to show different people, instead of warning. */
  refuse_mixed_identities: v.boolean(),
});
export type CollectionSettings = v.InferOutput<typeof CollectionSettings>;

/** `GET /v1/collections/{id or name}`: a gallery inside the account. */
export const Collection = v.object({
  collection_id: v.string(),
  /** Unique in the account. */
  name: v.string(),
  settings: CollectionSettings,
  identities: v.number(),
  faces: v.number(),
  /** RFC 3339, UTC. */
  created_at: v.string(),
  updated_at: v.string(),
});
export type Collection = v.InferOutput<typeof Collection>;

export const CollectionList = v.object({
  collections: v.array(Collection),
  /** Give it back as `cursor` for the next page; absent on the last one. */
  next_cursor: v.optional(v.string()),
});
export type CollectionList = v.InferOutput<typeof CollectionList>;

/** `POST /v1/collections`. Settings that are left out are false. */
export const CollectionCreate = v.object({
  name: CollectionName,
  settings: v.optional(v.partial(CollectionSettings)),
});
export type CollectionCreate = v.InferInput<typeof CollectionCreate>;

/** `PATCH /v1/collections/{id or name}`: what is absent stays. */
export const CollectionPatch = v.partial(CollectionCreate);
export type CollectionPatch = v.InferInput<typeof CollectionPatch>;
