import { align } from "./align.ts";
import { cropFace } from "./crop.ts";
import { isClear } from "./clear.ts";
import type { Decoded } from "../decoding/decode.ts";
import { detect } from "./detect.ts";
import { embed } from "./embed.ts";
import { fivePoints } from "./landmarks.ts";
import { eachOnce } from "./once.ts";
import type { Pyramid } from "./pixels.ts";
import { measureQuality, withDistinctness } from "./quality/quality.ts";
import { seeAll, type Seen } from "./seen.ts";
import type { Run } from "../sessions/node.ts";
import type { AnalyseOptions, Analysis, Box, Face, Landmarks, Point } from "../types.ts";

export interface Sessions {
  detector: Run;
  mesh: Run;
  embedder: Run;
}

/** Under this the mesh sees no face where the detector did: cats and cups end here. */
const MIN_PRESENCE = 0.5;

interface Candidate extends Seen {
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
  const detections = await detect(pyramid, sessions.detector, signal);
  const seen = await seeAll(pyramid, detections, sessions, signal);
  const faces = seen.filter(({ mesh }) => mesh.presence >= MIN_PRESENCE);
  const candidates = eachOnce(faces).map(({ detection, mesh, sure }): Candidate => {
    const landmarks = fivePoints(mesh);
    const aligned = align(pyramid, mesh.points);
    return {
      detection,
      mesh,
      sure,
      landmarks,
      aligned,
      face: {
        box: asSent(detection.box, scale),
        landmarks: landmarksAsSent(landmarks, scale),
        confidence: detection.confidence,
        quality: measureQuality({ aligned, landmarks, mesh, detection, picture: pixels, scale }),
        principal: false,
      },
    };
  });

  const principal = candidates.find(({ face }) => isClear(face)) ?? candidates[0];
  if (principal !== undefined) principal.face.principal = true;
  for (const candidate of candidates) {
    if (which === "none" || (which === "principal" && candidate !== principal)) continue;
    signal?.throwIfAborted();
    const { embedding, distinctness } = await embed(candidate.aligned, sessions.embedder);
    candidate.face.embedding = embedding;
    candidate.face.quality = withDistinctness(candidate.face.quality, distinctness);
  }
  if (crop && principal !== undefined) principal.face.crop = await cropFace(pyramid, principal.detection.box);
  return { width, height, faces: candidates.map(({ face }) => face) };
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
