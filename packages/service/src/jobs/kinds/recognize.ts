import { RECOGNIZED_SCORE, type RecognizeResult } from "@prosopon/core/contract";
import { isClear } from "@prosopon/engine";
import { analysePrincipals, seenImages } from "../analyse-images.ts";
import { identityGone, JobFault } from "../fault.ts";
import { identityForm } from "./identity-form.ts";
import type { Kind } from "./kind.ts";

/** Whether a photo shows a given identity. */
export const recognize: Kind<{ identityId: string }> = {
  kind: "recognize",
  summary: "Compare a face with one identity",
  form: identityForm,

  async run({ storage, scale, ...tools }, job, { identityId }, signal) {
    const images = await analysePrincipals(tools, job, { crop: false, signal });
    const nearest = await storage.identities.compare(job.accountId, identityId, images[0]!.face.embedding);
    if (!nearest) throw new JobFault(identityGone(identityId));
    const score = scale.scoreOf(nearest.cosine, isClear(images[0]!.face));
    const match = {
      identity_id: identityId,
      face_id: nearest.faceId,
      score,
      cosine: nearest.cosine,
      recognition: score >= RECOGNIZED_SCORE,
    };
    return {
      type: "answered",
      identityId,
      result: { images: seenImages(images), match } satisfies RecognizeResult,
    };
  },
};
