import * as v from "valibot";
import { inCollection } from "./in-collection.ts";
import type { KindOfJob } from "./kind.ts";
import { Decision, Score } from "./score.ts";
import { Candidate } from "./search.ts";
import { DetectedFace, SeenImage } from "./seen.ts";
import { wholeNumber } from "./whole-number.ts";

/** A face of a photo, and who it is. */
export const IdentifiedFace = v.object({
  ...DetectedFace.entries,
  /** `unknown`: nobody who is enrolled, or only somebody whom another face of the photo shows better. */
  decision: Decision,
  /** Who it is, and how sure that is: absent when unknown. One identity is given to at most one face of a photo. */
  identity_id: v.optional(v.string()),
  score: v.optional(Score),
  /** The nearest identities, best first, not cut at a threshold. */
  candidates: v.array(Candidate),
});
export type IdentifiedFace = v.InferOutput<typeof IdentifiedFace>;

export const IdentifyResult = v.object({
  images: v.array(SeenImage),
  /** Largest first; empty when no face was found. */
  faces: v.array(IdentifiedFace),
});
export type IdentifyResult = v.InferOutput<typeof IdentifyResult>;

/** A photo, and who everybody in it is. */
export const identify = {
  kind: "identify",
  scope: "collection",
  lookup: true,
  images: 1,
  result: IdentifyResult,
  start: {
    path: "/v1/identify",
    fields: v.object({
      ...inCollection,
      /** `largest`: only the largest clear face. */
      faces: v.optional(v.picklist(["all", "largest"]), "all"),
      max_candidates: v.optional(wholeNumber(1, 100), 5),
    }),
  },
} as const satisfies KindOfJob<"identify", typeof IdentifyResult>;
