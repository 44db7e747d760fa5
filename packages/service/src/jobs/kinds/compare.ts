import type { CompareResult } from "@prosopon/core/contract";
import { isClear } from "@prosopon/engine";
import { decisionOf } from "../../matching/scale.ts";
import { analyseImages, detectedFace, type EmbeddedFace, principalOf, seenImage } from "../analyse-images.ts";
import { cosineOf } from "../../matching/cosine.ts";
import { contractForm } from "./contract-form.ts";
import type { Kind } from "./kind.ts";

/** The chosen face of one photo against each clear face of another. */
export const compare: Kind = {
  kind: "compare",
  summary: "Compare the face of one photo with every clear face of another",
  form: contractForm("compare"),

  async run({ scale, ...tools }, job, _payload, signal) {
    const images = await analyseImages(tools, job, { embed: "all", signal });
    const [chosen, first] = images.map((image, index) => principalOf(image, index + 1));
    const clear = images[1]!.faces.filter(isClear) as EmbeddedFace[];
    const others = clear.length > 0 ? clear : [first!];
    const used = new Set(others.map(({ box }) => box).concat(chosen!.box));
    const result: CompareResult = {
      images: images.map((image) => seenImage(image, ({ box }) => used.has(box))),
      face: detectedFace(chosen!),
      faces: others.map((face) => {
        const cosine = cosineOf(chosen!.embedding, face.embedding);
        const score = scale.scoreOf(cosine, isClear(chosen!) && isClear(face));
        return {
          ...detectedFace(face),
          decision: decisionOf(score),
          score,
          cosine,
          fmr: scale.fmrOf(cosine),
        };
      }),
    };
    return { type: "answered", result };
  },
};
