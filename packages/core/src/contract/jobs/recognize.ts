import * as v from "valibot";
import { RecognitionResult } from "./documented.ts";
import { inCollection } from "./in-collection.ts";
import type { KindOfJob } from "./kind.ts";
import { SeenImage } from "./seen.ts";
import { AcceptedJobStatus } from "./status.ts";

/** `GET /innovation-service/identity/recognize?job_id=` (alias `/recognition`): results is an object. */
export const RecognitionAnswer = v.object({
  status: AcceptedJobStatus,
  results: v.optional(RecognitionResult),
  error: v.optional(v.string()),
});
export type RecognitionAnswer = v.InferOutput<typeof RecognitionAnswer>;

export const RecognizeResult = v.object({
  images: v.array(SeenImage),
  match: v.object({
    ...RecognitionResult.entries,
    /** The enrolled face that was nearest. */
    face_id: v.string(),
    /** Raw cosine similarity of the two embeddings, -1..1. */
    cosine: v.number(),
  }),
});
export type RecognizeResult = v.InferOutput<typeof RecognizeResult>;

/** A photo and an identity: whether they are one person. */
export const recognize = {
  kind: "recognize",
  scope: "identity",
  lookup: true,
  images: 1,
  result: RecognizeResult,
  start: { path: "/v1/recognize", fields: v.object({ ...inCollection, identity_id: v.string() }) },
  documented: {
    path: "/innovation-service/identity/recognize",
    answer: RecognitionAnswer,
    results: ({ match: { identity_id, score, recognition } }: RecognizeResult): RecognitionResult => ({
      identity_id,
      score,
      recognition,
    }),
  },
} as const satisfies KindOfJob<"recognize", typeof RecognizeResult>;
