import * as v from "valibot";

/** One weight file in use. */
export const ModelInfo = v.object({
  name: v.string(),
  role: v.picklist(["detection", "landmarks", "embedding"]),
  licence: v.string(),
  /** Of the file that runs. */
  sha256: v.string(),
});
export type ModelInfo = v.InferOutput<typeof ModelInfo>;

/** A point of the calibration: what score a cosine gets, and how often a stranger reaches it. */
export const CalibrationPoint = v.object({
  score: v.number(),
  cosine: v.number(),
  /** Expected false-match rate of one comparison at this line, 0..1, as measured. */
  fmr: v.number(),
});
export type CalibrationPoint = v.InferOutput<typeof CalibrationPoint>;

/** `GET /v1/server`: what a client may rely on. A server with only the documented routes answers 404. */
export const ServerInfo = v.object({
  name: v.literal("prosopon"),
  version: v.string(),
  models: v.array(ModelInfo),
  thresholds: v.object({ recognized: v.number(), listed: v.number() }),
  /** By falling score; interpolate between the points. */
  calibration: v.array(CalibrationPoint),
  capabilities: v.array(v.string()),
  limits: v.object({
    /** Bytes of one upload. */
    upload_bytes: v.number(),
    /** Pixels of one image. */
    image_pixels: v.number(),
    /** Images of one enrolment. */
    images_per_job: v.number(),
  }),
});
export type ServerInfo = v.InferOutput<typeof ServerInfo>;
