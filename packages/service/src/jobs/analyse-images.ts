import type {
  DetectedFace,
  EnrolmentResult,
  FaceQuality,
  GuardWarning,
  SeenImage,
} from "@prosopon/core/contract";
import {
  isImageError,
  type AnalyseOptions as EngineOptions,
  type Analysis,
  type Box,
  type Embedding,
  type Engine,
  type Face,
  type Point,
  type Quality,
} from "@prosopon/engine";
import { BlobsAwayError, type BlobStore } from "../blobs/types.ts";
import { isNoRoom } from "../no-room.ts";
import type { JobInHand, ImageRef, NewFace } from "../storage/types.ts";
import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { JobFault } from "./fault.ts";

type AnalyseOptions = Pick<EngineOptions, "embed" | "crop"> & { signal: AbortSignal };

/** What images are read and analysed with. */
export interface ImageTools {
  blobs: Pick<BlobStore, "open">;
  engine: Pick<Engine, "analyse">;
}

/** An image of a job with the one face that the job uses. */
export interface AnalysedImage {
  analysis: Analysis;
  face: EmbeddedFace;
}

export type EmbeddedFace = Face & { embedding: Embedding };

/** Analyses all images of a job, in parallel as far as the engine has threads. @throws JobFault naming the image, from 1 */
export function analyseImages(
  tools: ImageTools,
  job: JobInHand,
  options: AnalyseOptions,
): Promise<Analysis[]> {
  return allInOrder(job.payload.images.map((image, index) => analyseImage(tools, image, index + 1, options)));
}

/** The same for a job that uses one face of each image, its principal one. @throws JobFault also for an image without a face */
export function analysePrincipals(
  tools: ImageTools,
  job: JobInHand,
  options: Omit<AnalyseOptions, "embed">,
): Promise<AnalysedImage[]> {
  return allInOrder(
    job.payload.images.map(async (image, index) => {
      const analysis = await analyseImage(tools, image, index + 1, { embed: "principal", ...options });
      return { analysis, face: principalOf(analysis, index + 1) };
    }),
  );
}

/** The face of an image that a job with one face uses. @throws JobFault when there is none */
export function principalOf({ faces }: Analysis, number: number): EmbeddedFace {
  const face = faces.find(({ principal }) => principal);
  if (!face?.embedding)
    throw new JobFault(
      `image ${number}: no face found; use a photo that shows one face large, sharp and from the front`,
    );
  return { ...face, embedding: face.embedding };
}

/** All are awaited; the first of them that failed is told. */
async function allInOrder<T>(promises: Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(promises);
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}

async function analyseImage(
  { blobs, engine }: ImageTools,
  image: ImageRef,
  number: number,
  options: AnalyseOptions,
): Promise<Analysis> {
  const file = await blobs.open(image.blobId);
  if (!file) throw new JobFault(`image ${number}: it is no longer there; send it again`);
  try {
    return await engine.analyse({ path: file.path }, options);
  } catch (error) {
    // A volume that goes away under the engine looks like a file that cannot be read, or like a bad image: so it is looked for
    // itself, as the place's mark may have been seen a moment before.
    const reason = isImageError(error) ? await stat(file.path).then(() => undefined, own) : error;
    if (isUnreadable(reason)) throw new BlobsAwayError("an image could not be read", { cause: reason });
    throw isImageError(error) ? new JobFault(`image ${number}: ${error.message}`) : error;
  } finally {
    await file.release();
  }
}

const own = (error: unknown): unknown => error;

/** The file system's word on a file that was there a moment ago: ENOENT, EIO, ESTALE … Of a full one there is another. */
function isUnreadable(error: unknown): boolean {
  const { syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return syscall !== undefined && /^(open|f?stat|read|close)$/.test(syscall) && !isNoRoom(error);
}

/** What was seen of a job that uses one face of each image. */
export const seenImages = (images: AnalysedImage[]): SeenImage[] =>
  images.map(({ analysis }) => seenImage(analysis, ({ principal }) => principal));

/** What was seen, as our own API tells it: no embedding, no crop. @param used which faces the job used */
export const seenImage = ({ width, height, faces }: Analysis, used: (face: Face) => boolean): SeenImage => ({
  width,
  height,
  faces: faces.map((face) => ({ ...detectedFace(face), used: used(face) })),
});

/** As precise as it is: a tenth of a pixel or degree, a thousandth of a part. */
const tenth = (value: number): number => Math.round(value * 10) / 10;
const thousandth = (value: number): number => Math.round(value * 1000) / 1000;
const point = ({ x, y }: Point): Point => ({ x: tenth(x), y: tenth(y) });
const rounded = ({ x, y, width, height }: Box): Box => ({
  ...point({ x, y }),
  width: tenth(width),
  height: tenth(height),
});

function stated({ score, size, sharpness, exposure, pose, reasons }: Quality): FaceQuality {
  return {
    score: thousandth(score),
    size: tenth(size),
    sharpness: thousandth(sharpness),
    exposure: thousandth(exposure),
    pose: { yaw: tenth(pose.yaw), pitch: tenth(pose.pitch), roll: tenth(pose.roll) },
    reasons,
  };
}

export const detectedFace = ({ box, landmarks, confidence, quality }: Face): DetectedFace => ({
  box: rounded(box),
  landmarks: {
    left_eye: point(landmarks.leftEye),
    right_eye: point(landmarks.rightEye),
    nose: point(landmarks.nose),
    left_mouth: point(landmarks.leftMouth),
    right_mouth: point(landmarks.rightMouth),
  },
  confidence: thousandth(confidence),
  quality: stated(quality),
});

/** What an enrolment tells: what was seen, the faces that are stored, and what the caller should know. */
export const enrolmentResult = (
  images: AnalysedImage[],
  faces: NewFace[],
  warnings: GuardWarning[],
): EnrolmentResult => ({
  images: seenImages(images),
  face_ids: faces.map(({ id }) => id),
  ...(warnings.length > 0 && { warnings }),
});

export const newFace = ({ face }: AnalysedImage): NewFace => ({
  id: randomUUID(),
  embedding: face.embedding,
  quality: stated(face.quality),
  confidence: thousandth(face.confidence),
  box: rounded(face.box),
  ...(face.crop && { crop: face.crop }),
});
