import type { RecognizeResult } from "@prosopon/core/contract";
import { namedIdentity } from "../../http/named-identity.ts";
import { RECOGNIZED_SCORE, scoreOf } from "../../matching/match.ts";
import { analysePrincipals, seenImages } from "../analyse-images.ts";
import { identityGone, JobFault } from "../fault.ts";
import type { Kind, Start, Status } from "./kind.ts";

type Payload = { identityId: string };

/** Documented under both names. */
const PATHS = ["/innovation-service/identity/recognize", "/innovation-service/identity/recognition"];

/** Whether a photo shows a given identity. */
export const recognize: Kind<Payload> = {
  kind: "recognize",
  starts: PATHS.map((path): Start<Payload> => ({
    method: "POST",
    path,
    api: "documented",
    summary: "Compare a face with one identity",
    form: { input_image: "image", identity_id: "text" },
    problems: [404],
    read: async (call, form) => ({ identityId: await namedIdentity(call, form) }),
  })),
  statuses: PATHS.map((path): Status => ({
    path,
    summary: "State and result of a recognition: recognised from 0.95 on",
    schema: "RecognitionAnswer",
  })),

  async run({ storage, ...tools }, job, { identityId }, signal) {
    const images = await analysePrincipals(tools, job, { crop: false, signal });
    const nearest = await storage.identities.compare(job.accountId, identityId, images[0]!.face.embedding);
    if (!nearest) throw new JobFault(identityGone(identityId));
    const score = scoreOf(nearest.cosine);
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
