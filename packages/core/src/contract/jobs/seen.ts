import * as v from "valibot";
import { Box, FaceQuality, Landmarks } from "../face.ts";

/** A face of a photo, whoever it is; in pixels of the upright image. No embedding, ever. */
export const DetectedFace = v.object({
  box: Box,
  landmarks: Landmarks,
  /** Detector's confidence, 0..1. */
  confidence: v.number(),
  quality: FaceQuality,
});
export type DetectedFace = v.InferOutput<typeof DetectedFace>;

/** One face seen in one image of a job. */
export const SeenFace = v.object({
  ...DetectedFace.entries,
  /** True for the face the job used. */
  used: v.boolean(),
});
export type SeenFace = v.InferOutput<typeof SeenFace>;

/** What the engine saw in one image of a job, in the order the images were sent. */
export const SeenImage = v.object({
  /** Upright size, pixels. */
  width: v.number(),
  height: v.number(),
  faces: v.array(SeenFace),
});
export type SeenImage = v.InferOutput<typeof SeenImage>;
