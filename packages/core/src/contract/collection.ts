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

/** `warn` says it in the job's result, `reject` fails the job. */
export const GuardLevel = v.picklist(["off", "warn", "reject"]);
export type GuardLevel = v.InferOutput<typeof GuardLevel>;

/** What holds for the people of a collection. */
export const CollectionSettings = v.object({
  /** Keep a 160 px JPEG of every enrolled face. */
  keep_crops: v.boolean(),
  /** What happens where a photo is poor: blurred, small, covered, … */
  guard_quality: GuardLevel,
  /** Where the photos of one enrolment seem to show different people. */
  guard_mixed: GuardLevel,
  /** Where an added photo is unlike those of its identity. */
  guard_wrong_person: GuardLevel,
  /** Where the person is enrolled in the collection already. */
  guard_duplicate: GuardLevel,
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

/** Cosines, or rates, at the scores of a recognition, 0.95, and of what a search lists, 0.85. */
const AtThresholds = v.object({ recognized: v.number(), listed: v.number() });

/** A point of a gallery's calibration: what score a cosine gets in it, and how often a stranger reaches that. */
export const GalleryPoint = v.object({
  score: v.number(),
  cosine: v.number(),
  /** Expected false-match rate of one comparison, 0..1. */
  fmr: v.number(),
  /** Expected false-positive identification rate of a search, 0..1. */
  fpir: v.number(),
});

/** `GET /v1/collections/{id or name}/calibration`: what scores of searches mean in this gallery at its present size. */
export const CollectionCalibration = v.object({
  collection_id: v.string(),
  /** Which made the curve, and the faces that it is for. */
  recogniser: v.string(),
  faces: v.number(),
  /** False-positive identification rates at which the thresholds stand; a small gallery has less. */
  targets: AtThresholds,
  /** Cosines of the thresholds. */
  thresholds: AtThresholds,
  /** By falling score; interpolate between the points. */
  points: v.array(GalleryPoint),
  /** The least false-match rate that was measured: smaller ones go on with the last measured slope, and are upper estimates. */
  measured_fmr: v.number(),
});
export type CollectionCalibration = v.InferOutput<typeof CollectionCalibration>;

/** `POST /v1/collections`. Settings that are left out keep nothing and warn. */
export const CollectionCreate = v.object({
  name: CollectionName,
  settings: v.optional(v.partial(CollectionSettings)),
});
export type CollectionCreate = v.InferInput<typeof CollectionCreate>;

/** `PATCH /v1/collections/{id or name}`: what is absent stays. */
export const CollectionPatch = v.partial(CollectionCreate);
export type CollectionPatch = v.InferInput<typeof CollectionPatch>;
