import type { SeenFace as SeenFaceRecord, SeenImage as SeenImageRecord } from "@prosopon/core/contract";
import { builder } from "../builder.ts";
import { FaceBox, FaceQuality, Landmarks } from "./face.ts";

const SeenFace = builder.objectRef<SeenFaceRecord>("SeenFace").implement({
  description: "A face seen in an image of a job.",
  fields: (t) => ({
    box: t.field({ type: FaceBox, resolve: (face) => face.box }),
    landmarks: t.field({ type: Landmarks, resolve: (face) => face.landmarks }),
    confidence: t.exposeFloat("confidence", { description: "The detector's confidence, 0 to 1." }),
    quality: t.field({ type: FaceQuality, resolve: (face) => face.quality }),
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
