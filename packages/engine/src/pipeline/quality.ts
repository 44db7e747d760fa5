import { ALIGNED_SIZE } from "./align.ts";
import type { Mesh } from "./landmarks.ts";
import type { Landmarks, Quality } from "../types.ts";

/** Mesh indices: edges of the face beside the ears, top of the forehead, chin. */
const LEFT_SIDE = 234;
const RIGHT_SIDE = 454;
const FOREHEAD = 10;
const CHIN = 152;

/** Bounds are [worthless, good]; in between a part counts in proportion. */
const EYE_DISTANCE_PIXELS = [8, 36] as const;
const TURN_DEGREES = [75, 30] as const;
/** Mean absolute Laplacian over the deviation of the light, of the aligned face; 98 of 100 news photographs are above 0.11. */
const EDGES = [0.03, 0.11] as const;
/** Mean light, 0..255, from either end. */
const DARK = [15, 60] as const;
const BRIGHT = [250, 215] as const;
const CONTRAST = [4, 20] as const;
/** A part under this is named as a reason. */
const WORTH_NAMING = 0.5;

/**
 * @param scale pixels of the image as sent for one of the decoded image, in which mesh and landmarks are given.
 */
export function measureQuality(
  aligned: Float32Array,
  landmarks: Landmarks,
  mesh: Mesh,
  scale: number,
): Quality {
  const { leftEye, rightEye } = landmarks;
  const size = Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y) * scale;
  const pose = poseOf(landmarks, mesh);
  const { mean, deviation, edges } = light(aligned);
  const sharpness = ramp(edges / Math.max(deviation, 1), EDGES);
  const exposure = Math.min(ramp(mean, DARK), ramp(mean, BRIGHT), ramp(deviation, CONTRAST));
  const turned = Math.max(Math.abs(pose.yaw), Math.abs(pose.pitch));
  const frontal = ramp(turned, TURN_DEGREES);
  const large = ramp(size, EYE_DISTANCE_PIXELS);

  const reasons: string[] = [];
  if (large < WORTH_NAMING) reasons.push(`the face is small: ${Math.round(size)} pixels between the eyes`);
  if (sharpness < WORTH_NAMING) reasons.push("the face is blurred");
  if (exposure < WORTH_NAMING) {
    reasons.push(mean < 128 ? "the face is too dark" : "the face is too bright");
  }
  if (frontal < WORTH_NAMING) reasons.push(`the face is turned away by ${Math.round(turned)} degrees`);
  return { score: large * sharpness * exposure * frontal, size, sharpness, exposure, pose, reasons };
}

function poseOf({ leftEye, rightEye }: Landmarks, { points, depths }: Mesh): Quality["pose"] {
  const depth = (index: number): number => depths[index] ?? 0;
  const apart = (one: number, other: number): number =>
    Math.hypot(
      (points[one]?.x ?? 0) - (points[other]?.x ?? 0),
      (points[one]?.y ?? 0) - (points[other]?.y ?? 0),
    );
  return {
    yaw: degrees(Math.atan2(depth(RIGHT_SIDE) - depth(LEFT_SIDE), apart(LEFT_SIDE, RIGHT_SIDE))),
    pitch: degrees(Math.atan2(depth(FOREHEAD) - depth(CHIN), apart(FOREHEAD, CHIN))),
    roll: degrees(Math.atan2(rightEye.y - leftEye.y, rightEye.x - leftEye.x)),
  };
}

/** Of the middle of the aligned face, where there is skin and not background. */
function light(aligned: Float32Array): { mean: number; deviation: number; edges: number } {
  const plane = ALIGNED_SIZE * ALIGNED_SIZE;
  const luma = (at: number): number =>
    0.299 * (aligned[at] ?? 0) + 0.587 * (aligned[at + plane] ?? 0) + 0.114 * (aligned[at + 2 * plane] ?? 0);
  const [from, to] = [24, 88];
  let [count, sum, squares, edges] = [0, 0, 0, 0];
  for (let row = from; row < to; row++) {
    for (let column = from; column < to; column++, count++) {
      const at = row * ALIGNED_SIZE + column;
      const value = luma(at);
      sum += value;
      squares += value * value;
      edges += Math.abs(
        4 * value - luma(at - 1) - luma(at + 1) - luma(at - ALIGNED_SIZE) - luma(at + ALIGNED_SIZE),
      );
    }
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)), edges: edges / count };
}

function ramp(value: number, [worthless, good]: readonly [number, number]): number {
  return Math.min(1, Math.max(0, (value - worthless) / (good - worthless)));
}

function degrees(radians: number): number {
  return (radians * 180) / Math.PI;
}
