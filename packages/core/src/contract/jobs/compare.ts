import * as v from "valibot";
import type { KindOfJob } from "./kind.ts";
import { Decision, Score } from "./score.ts";
import { DetectedFace, SeenImage } from "./seen.ts";

/** A face of the second photo, beside the chosen face of the first. */
export const ComparedFace = v.object({
  ...DetectedFace.entries,
  /** Whether the two are one person. */
  decision: Decision,
  score: Score,
  /** Raw cosine similarity of the two embeddings, -1..1. */
  cosine: v.number(),
  /** Expected false-match rate at this cosine, 1e-5..0.1: how often a stranger comes so near. The first stands for less, the last for more. */
  fmr: v.number(),
});
export type ComparedFace = v.InferOutput<typeof ComparedFace>;

export const CompareResult = v.object({
  images: v.array(SeenImage),
  /** The chosen face of the first photo: the largest clear one. */
  face: DetectedFace,
  /** Every clear face of the second photo, largest first; where none is clear, the largest. */
  faces: v.array(ComparedFace),
});
export type CompareResult = v.InferOutput<typeof CompareResult>;

/** Two photos: whether they show the same person. No identity is needed. */
export const compare = {
  kind: "compare",
  lookup: true,
  images: 2,
  leastImages: 2,
  result: CompareResult,
  start: { path: "/v1/compare", fields: v.object({}) },
} as const satisfies KindOfJob<"compare", typeof CompareResult>;
