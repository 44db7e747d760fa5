import type { Candidate } from "@prosopon/core/contract";
import { decisionOf, type GalleryScale } from "./scale.ts";

/** A person near a face, by the cosine of the nearest face. */
export interface Near {
  identityId: string;
  faceId: string;
  cosine: number;
}

/**
 * The nearest people of a face as candidates, at most so many, best first. The last one's margin needs its runner-up, so one
 * neighbour more than that is asked for.
 * @param clear whether the face is (the engine's `isClear`)
 */
export function candidatesOf(
  nearest: readonly Near[],
  most: number,
  { scoreOf, fpirOf }: Pick<GalleryScale, "scoreOf" | "fpirOf">,
  clear: boolean,
): Candidate[] {
  const scores = nearest.map(({ cosine }) => scoreOf(cosine, clear));
  return nearest.slice(0, most).map(({ identityId, faceId, cosine }, rank) => {
    const next = scores[rank + 1];
    return {
      identity_id: identityId,
      face_id: faceId,
      decision: decisionOf(scores[rank]!),
      score: scores[rank]!,
      cosine,
      fpir: fpirOf(cosine),
      ...(next !== undefined && { margin: scores[rank]! - next }),
    };
  });
}
