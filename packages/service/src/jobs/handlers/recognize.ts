import { RECOGNIZED_SCORE, scoreOf } from "../../match.ts";
import { identityGone, JobFault } from "../fault.ts";
import { see, seenImages } from "../see.ts";
import type { JobHandler } from "../worker.ts";

export const recognize: JobHandler<"recognize"> = async (deps, job, { identityId }, signal) => {
  const sights = await see(deps, job, { crop: false, signal });
  const nearest = await deps.storage.identities.compare(job.accountId, identityId, sights[0]!.face.embedding);
  if (!nearest) throw new JobFault(identityGone(identityId));
  const score = scoreOf(nearest.cosine);
  const match = {
    identity_id: identityId,
    face_id: nearest.faceId,
    score,
    cosine: nearest.cosine,
    recognition: score >= RECOGNIZED_SCORE,
  };
  return { type: "answered", identityId, result: { images: seenImages(sights), match } };
};
