import { fit, TEMPLATE } from "./align.ts";
import { cut, invert, type Pyramid } from "./pixels.ts";
import type { Run } from "./sessions/node.ts";
import type { Landmarks } from "./types.ts";

/** Pixels on a side of what the embedding model sees. */
export const ALIGNED_SIZE = 112;

/** Brings a face where the embedding model was trained to see it: RGB 0..255, three planes of 112 x 112. */
export function align(pyramid: Pyramid, landmarks: Landmarks): Float32Array {
  const { leftEye, rightEye, nose, leftMouth, rightMouth } = landmarks;
  const toAligned = fit([leftEye, rightEye, nose, leftMouth, rightMouth], TEMPLATE);
  return cut(pyramid, invert(toAligned), ALIGNED_SIZE, { layout: "planes", scale: 1, offset: 0 });
}

/** @returns 128 values, L2-normalised. */
export async function embed(aligned: Float32Array, run: Run): Promise<Float32Array> {
  const { fc1 = new Float32Array() } = await run(aligned);
  const norm = Math.hypot(...fc1);
  return fc1.map((value) => value / norm);
}
