import { scoreOf } from "../../match.ts";
import { see, seenImages } from "../see.ts";
import type { JobHandler } from "../worker.ts";

/** Exact, best first, not cut at a threshold: the documented route does that when it answers. */
export const search: JobHandler<"search"> = async (deps, job, { maxResult }, signal) => {
  const sights = await see(deps, job, { crop: false, signal });
  // One more than asked for: the last one's margin needs its runner-up.
  const nearest = await deps.storage.identities.nearest(
    job.accountId,
    sights[0]!.face.embedding,
    maxResult + 1,
  );
  const scores = nearest.map(({ cosine }) => scoreOf(cosine));
  const candidates = nearest.slice(0, maxResult).map(({ identityId, faceId, cosine }, rank) => {
    const next = scores[rank + 1];
    return {
      identity_id: identityId,
      face_id: faceId,
      score: scores[rank]!,
      cosine,
      ...(next !== undefined && { margin: scores[rank]! - next }),
    };
  });
  return { type: "answered", result: { images: seenImages(sights), candidates } };
};
