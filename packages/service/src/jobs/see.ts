import type { SeenFace, SeenImage } from "@prosopon/core/contract";
import { isImageError, type Analysis, type Face } from "@prosopon/engine";
import type { Deps } from "../deps.ts";
import type { ClaimedJob, ImageRef, NewFace } from "../storage/types.ts";
import { randomUUID } from "node:crypto";
import { JobFault } from "./fault.ts";

/** An image of a job with the one face that the job uses. */
export interface Sight {
  analysis: Analysis;
  face: Face & { embedding: Float32Array };
}

/** Looks at all images of a job, in parallel as far as the engine has threads. @throws JobFault naming the image, from 1 */
export async function see(
  deps: Deps,
  job: ClaimedJob,
  options: { crop: boolean; signal: AbortSignal },
): Promise<Sight[]> {
  const sights = await Promise.allSettled(
    job.payload.images.map((image, index) => seeOne(deps, image, index + 1, options)),
  );
  return sights.map((sight) => {
    if (sight.status === "rejected") throw sight.reason;
    return sight.value;
  });
}

async function seeOne(
  { blobs, engine }: Deps,
  image: ImageRef,
  number: number,
  options: { crop: boolean; signal: AbortSignal },
): Promise<Sight> {
  const file = await blobs.open(image.blobId);
  if (!file) throw new JobFault(`image ${number}: it is no longer there; send it again`);
  try {
    const analysis = await engine.analyse({ path: file.path }, { embed: "principal", ...options });
    const face = analysis.faces.find(({ principal }) => principal);
    if (!face?.embedding)
      throw new JobFault(
        `image ${number}: no face found; use a photo that shows one face large, sharp and from the front`,
      );
    return { analysis, face: { ...face, embedding: face.embedding } };
  } catch (error) {
    throw isImageError(error) ? new JobFault(`image ${number}: ${error.message}`) : error;
  } finally {
    await file.release();
  }
}

/** What was seen, as our own API tells it: no embedding, no crop. */
export const seenImages = (sights: Sight[]): SeenImage[] =>
  sights.map(({ analysis: { width, height, faces } }) => ({ width, height, faces: faces.map(seenFace) }));

const seenFace = ({ box, landmarks, confidence, quality, principal }: Face): SeenFace => ({
  box,
  landmarks: {
    left_eye: landmarks.leftEye,
    right_eye: landmarks.rightEye,
    nose: landmarks.nose,
    left_mouth: landmarks.leftMouth,
    right_mouth: landmarks.rightMouth,
  },
  confidence,
  quality,
  used: principal,
});

export const newFace = ({ face }: Sight): NewFace => ({
  id: randomUUID(),
  embedding: face.embedding,
  quality: face.quality,
  confidence: face.confidence,
  box: face.box,
  ...(face.crop && { crop: face.crop }),
});
