import type { CollectionCalibration as CalibrationRecord } from "@prosopon/core/contract";
import { builder } from "../builder.ts";

const GalleryPoint = builder.objectRef<CalibrationRecord["points"][number]>("GalleryPoint").implement({
  description: "What score a cosine gets in a gallery, and how often a stranger reaches that.",
  fields: (t) => ({
    score: t.exposeFloat("score"),
    cosine: t.exposeFloat("cosine"),
    fmr: t.exposeFloat("fmr", { description: "Expected false-match rate of one comparison, 0 to 1." }),
    fpir: t.exposeFloat("fpir", {
      description: "Expected false-positive identification rate of a search, 0 to 1.",
    }),
  }),
});

const AtThresholds = builder.objectRef<CalibrationRecord["thresholds"]>("AtThresholds").implement({
  description: "What stands at the scores of a recognition, 0.95, and of what a search lists, 0.85.",
  fields: (t) => ({ recognized: t.exposeFloat("recognized"), listed: t.exposeFloat("listed") }),
});

export const CollectionCalibration = builder.objectRef<CalibrationRecord>("CollectionCalibration").implement({
  description: "What scores of searches mean in a gallery at its present size.",
  fields: (t) => ({
    recogniser: t.exposeString("recogniser"),
    faces: t.exposeInt("faces", { description: "What the curve is for." }),
    targets: t.field({
      type: AtThresholds,
      description:
        "False-positive identification rates at which the thresholds stand; a small gallery has less.",
      resolve: ({ targets }) => targets,
    }),
    thresholds: t.field({
      type: AtThresholds,
      description: "Cosines of the thresholds.",
      resolve: ({ thresholds }) => thresholds,
    }),
    points: t.field({
      type: [GalleryPoint],
      description: "By falling score; interpolate between the points.",
      resolve: ({ points }) => points,
    }),
    measuredFmr: t.float({
      description:
        "The least false-match rate that was measured: smaller ones go on with the last measured slope, and are upper estimates.",
      resolve: ({ measured_fmr }) => measured_fmr,
    }),
  }),
});
