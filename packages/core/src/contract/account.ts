import * as v from "valibot";

/** `GET /v1/account`: whose token it is. */
export const AccountInfo = v.object({
  client_id: v.string(),
  name: v.string(),
  settings: v.object({
    /** Keep a 160 px JPEG of every enrolled face. */
    keep_crops: v.boolean(),
    /** Fail an enrolment whose photos seem to show different people, instead of warning. */
    refuse_mixed_identities: v.boolean(),
  }),
  identities: v.number(),
  faces: v.number(),
});
export type AccountInfo = v.InferOutput<typeof AccountInfo>;
