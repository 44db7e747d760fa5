import * as v from "valibot";

/** Pixels of the upright image; the origin is its top left corner. */
export const Box = v.object({ x: v.number(), y: v.number(), width: v.number(), height: v.number() });
export type Box = v.InferOutput<typeof Box>;

export const Point = v.object({ x: v.number(), y: v.number() });
export type Point = v.InferOutput<typeof Point>;

/** Five points in pixels of the upright image; left and right as the viewer sees them. */
export const Landmarks = v.object({
  left_eye: Point,
  right_eye: Point,
  nose: Point,
  left_mouth: Point,
  right_mouth: Point,
});
export type Landmarks = v.InferOutput<typeof Landmarks>;

/** How fit a face is for matching. The parts say why; `reasons` says it in words. */
export const FaceQuality = v.object({
  /** 0 (unusable) .. 1 (ideal). */
  score: v.number(),
  /** Distance between the eyes, pixels. */
  size: v.number(),
  /** 0 (blurred) .. 1 (sharp). */
  sharpness: v.number(),
  /** 0 (black or burnt out) .. 1 (well exposed). */
  exposure: v.number(),
  /** Degrees: yaw > 0 turned to the viewer's right, pitch > 0 looking up, roll > 0 clockwise. */
  pose: v.object({ yaw: v.number(), pitch: v.number(), roll: v.number() }),
  /** What lowers the score, in words; empty for a good face. */
  reasons: v.array(v.string()),
});
export type FaceQuality = v.InferOutput<typeof FaceQuality>;

/** An enrolled face. The embedding is never sent. */
export const Face = v.object({
  face_id: v.string(),
  identity_id: v.string(),
  quality: FaceQuality,
  /** Detector's confidence, 0..1. */
  confidence: v.number(),
  /** Where it was in its photo, pixels of the upright image. */
  box: Box,
  /** True where the account keeps face crops: `GET /v1/faces/{id}/crop`. */
  has_crop: v.boolean(),
  /** RFC 3339, UTC. */
  created_at: v.string(),
});
export type Face = v.InferOutput<typeof Face>;
