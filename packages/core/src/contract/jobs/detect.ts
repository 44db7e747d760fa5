import * as v from "valibot";
import type { KindOfJob } from "./kind.ts";
import { DetectedFace, SeenImage } from "./seen.ts";

export const DetectResult = v.object({
  images: v.array(SeenImage),
  /** Largest first; empty when no face was found. */
  faces: v.array(DetectedFace),
});
export type DetectResult = v.InferOutput<typeof DetectResult>;

/** A photo, and every face in it: nothing is compared or kept. */
export const detect = {
  kind: "detect",
  lookup: true,
  images: 1,
  result: DetectResult,
  start: { path: "/v1/detect", fields: v.object({}) },
} as const satisfies KindOfJob<"detect", typeof DetectResult>;
