import * as v from "valibot";

/** What the account may have at once, and has. */
export const Quota = v.object({ used: v.number(), limit: v.number() });
export type Quota = v.InferOutput<typeof Quota>;

/** `GET /v1/account`: whose token it is. */
export const AccountInfo = v.object({
  client_id: v.string(),
  name: v.string(),
  /** In all collections. */
  identities: v.number(),
  faces: v.number(),
  quotas: v.optional(
    v.object({
      /** Jobs that have not ended. */
      unfinished_jobs: Quota,
      /** Bytes of the images that jobs and uploads keep. */
      pending_bytes: Quota,
      /** Requests with images, at once and to one node. */
      uploads_at_once: v.object({ limit: v.number() }),
      /** Absent where they are not bounded. */
      identities: v.optional(Quota),
      faces: v.optional(Quota),
    }),
  ),
});
export type AccountInfo = v.InferOutput<typeof AccountInfo>;
