import type {
  DetectedFace,
  SeenFace as SeenFaceRecord,
  SeenImage as SeenImageRecord,
} from "@prosopon/core/contract";
import { builder } from "../builder.ts";
import { FaceBox, FaceQuality, Landmarks } from "./face.ts";

/** What is told of every face in a photo, whatever its job asks of it. */
export const PhotoFace = builder.interfaceRef<DetectedFace>("PhotoFace").implement({
  description: "A face in a photo, in pixels of the upright image.",
  fields: (t) => ({
    box: t.field({ type: FaceBox, resolve: (face) => face.box }),
    landmarks: t.field({ type: Landmarks, resolve: (face) => face.landmarks }),
    confidence: t.exposeFloat("confidence", { description: "The detector's confidence, 0 to 1." }),
    quality: t.field({ type: FaceQuality, resolve: (face) => face.quality }),
  }),
});

const SeenFace = builder.objectRef<SeenFaceRecord>("SeenFace").implement({
  description: "A face seen in an image of a job.",
  interfaces: [PhotoFace],
  fields: (t) => ({
    used: t.exposeBoolean("used", { description: "Whether it is the face that the job used." }),
  }),
});

export const SeenImage = builder.objectRef<SeenImageRecord>("SeenImage").implement({
  description: "What was seen in one image of a job. The image itself is not kept.",
  fields: (t) => ({
    width: t.exposeInt("width", { description: "Upright size, pixels." }),
    height: t.exposeInt("height"),
    faces: t.field({ type: [SeenFace], resolve: (image) => image.faces }),
  }),
});
