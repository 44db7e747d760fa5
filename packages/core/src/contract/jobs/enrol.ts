import * as v from "valibot";
import type { KindOfJob } from "./kind.ts";
import { SeenImage } from "./seen.ts";
import { AcceptedJobStatus } from "./status.ts";

/** `GET /innovation-service/identity?job_id=`, for create and add jobs. Keys are absent until they exist. */
export const EnrolmentAnswer = v.object({
  status: AcceptedJobStatus,
  identity_id: v.optional(v.string()),
  error: v.optional(v.string()),
});
export type EnrolmentAnswer = v.InferOutput<typeof EnrolmentAnswer>;

export const EnrolmentResult = v.object({
  images: v.array(SeenImage),
  /** The faces that were stored. */
  face_ids: v.array(v.string()),
  /** What the caller should know, e.g. that the photos may show different people. */
  warnings: v.optional(v.array(v.string())),
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
