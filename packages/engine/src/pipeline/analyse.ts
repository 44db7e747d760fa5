import { align } from "./align.ts";
import { cropFace } from "./crop.ts";
import { isClear } from "./clear.ts";
import type { Decoded } from "../decoding/decode.ts";
import { detect, type Detection } from "./detect.ts";
import { embed } from "./embed.ts";
import { findMesh, fivePoints } from "./landmarks.ts";
import type { Pyramid } from "./pixels.ts";
import { measureQuality } from "./quality.ts";
import type { Run } from "../sessions/node.ts";
import type { AnalyseOptions, Analysis, Box, Face, Landmarks, Point } from "../types.ts";

export interface Sessions {
  detector: Run;
  mesh: Run;
  embedder: Run;
}

/** Under this the mesh sees no face where the detector did: cats and cups end here. */
const MIN_PRESENCE = 0.5;

interface Candidate {
  detection: Detection;
  /** In pixels of the decoded image, as the detection is. */
  landmarks: Landmarks;
  aligned: Float32Array;
  face: Face;
}

/** The way of one decoded image: detect, landmarks, align, quality, embed. */
export async function analyse(
  sessions: Sessions,
  { pixels, width, height, scale }: Decoded,
  { embed: which = "principal", crop = false, signal }: AnalyseOptions,
): Promise<Analysis> {
  signal?.throwIfAborted();
  const pyramid: Pyramid = [pixels];
  const candidates: Candidate[] = [];
  for (const detection of await detect(pyramid, sessions.detector, signal)) {
    signal?.throwIfAborted();
    const mesh = await findMesh(pyramid, detection, sessions.mesh);
    if (mesh.presence < MIN_PRESENCE) continue;
    const landmarks = fivePoints(mesh);
    // A box within a box escapes the detector's merging; their meshes still meet on one face.
    if (candidates.some((other) => isSameFace(landmarks, other.landmarks))) continue;
    const aligned = align(pyramid, mesh.points);
    candidates.push({
      detection,
      landmarks,
      aligned,
      face: {
        box: asSent(detection.box, scale),
        landmarks: landmarksAsSent(landmarks, scale),
        confidence: detection.confidence,
        quality: measureQuality(aligned, landmarks, mesh, scale),
        principal: false,
      },
    });
  }

  const principal = candidates.find(({ face }) => isClear(face)) ?? candidates[0];
  if (principal !== undefined) principal.face.principal = true;
  for (const candidate of candidates) {
    if (which === "none" || (which === "principal" && candidate !== principal)) continue;
    signal?.throwIfAborted();
    candidate.face.embedding = await embed(candidate.aligned, sessions.embedder);
  }
  if (crop && principal !== undefined) principal.face.crop = await cropFace(pyramid, principal.detection.box);
  return { width, height, faces: candidates.map(({ face }) => face) };
}

function isSameFace(a: Landmarks, b: Landmarks): boolean {
  const eyes = Math.max(eyeDistance(a), eyeDistance(b));
  return Math.hypot(a.nose.x - b.nose.x, a.nose.y - b.nose.y) < eyes / 2;
}

function asSent({ x, y, width, height }: Box, scale: number): Box {
  return { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
}

function landmarksAsSent(landmarks: Landmarks, scale: number): Landmarks {
  const point = ({ x, y }: Point): Point => ({ x: x * scale, y: y * scale });
  return {
    leftEye: point(landmarks.leftEye),
    rightEye: point(landmarks.rightEye),
    nose: point(landmarks.nose),
    leftMouth: point(landmarks.leftMouth),
    rightMouth: point(landmarks.rightMouth),
  };
}

function eyeDistance({ leftEye, rightEye }: Landmarks): number {
  return Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y);
}
