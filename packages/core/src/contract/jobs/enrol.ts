import * as v from "valibot";
import type { KindOfJob } from "./kind.ts";
import { Score } from "./score.ts";
import { SeenImage } from "./seen.ts";
import { AcceptedJobStatus } from "./status.ts";

/** `GET /innovation-service/identity?job_id=`, for create and add jobs. Keys are absent until they exist. */
export const EnrolmentAnswer = v.object({
  status: AcceptedJobStatus,
  identity_id: v.optional(v.string()),
  error: v.optional(v.string()),
});
export type EnrolmentAnswer = v.InferOutput<typeof EnrolmentAnswer>;

/** What a guard of the collection has seen. */
export const GuardWarning = v.object({
  guard: v.picklist(["quality", "mixed", "wrong_person", "duplicate"]),
  /** Which photos it is about, from 1. */
  images: v.array(v.number()),
  /** In words, with what to do. */
  message: v.string(),
  /** `duplicate`: who it may be, and how sure that is. */
  identity_id: v.optional(v.string()),
  score: v.optional(Score),
});
export type GuardWarning = v.InferOutput<typeof GuardWarning>;

export const EnrolmentResult = v.object({
  images: v.array(SeenImage),
  /** The faces that were stored. */
  face_ids: v.array(v.string()),
  /** What the guards of the collection have seen; absent where that is nothing. */
  warnings: v.optional(v.array(GuardWarning)),
});
export type EnrolmentResult = v.InferOutput<typeof EnrolmentResult>;

/** Photos of one person become an identity. */
export const enrol = {
  kind: "enrol",
  scope: "collection",
  lookup: false,
  images: 5,
  result: EnrolmentResult,
  documented: { path: "/innovation-service/identity", answer: EnrolmentAnswer },
} as const satisfies KindOfJob<"enrol", typeof EnrolmentResult>;

/** More photos of an identity. The two share a status route. */
export const addImages = { ...enrol, kind: "add-images", scope: "identity" } as const satisfies KindOfJob<
  "add-images",
  typeof EnrolmentResult
>;
