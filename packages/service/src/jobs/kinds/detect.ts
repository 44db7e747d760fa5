import type { DetectResult } from "@prosopon/core/contract";
import { analyseImages, detectedFace, seenImage } from "../analyse-images.ts";
import { contractForm } from "./contract-form.ts";
import type { Kind } from "./kind.ts";

/** Every face of a photo. */
export const detect: Kind = {
  kind: "detect",
  summary: "Find every face of a photo",
  form: contractForm("detect"),

  async run(tools, job, _payload, signal) {
    const images = await analyseImages(tools, job, { embed: "none", signal });
    const faces = images.flatMap((image) => image.faces.map(detectedFace));
    const seen = images.map((image) => seenImage(image, () => false));
    return { type: "answered", result: { images: seen, faces } satisfies DetectResult };
  },
};
