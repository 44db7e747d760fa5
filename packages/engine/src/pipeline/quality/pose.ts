import type { Landmarks, Point, Quality } from "../../types.ts";
import type { Mesh } from "../landmarks.ts";

/** Mesh indices: edges of the face beside the ears, top of the forehead, chin. */
const LEFT_SIDE = 234;
const RIGHT_SIDE = 454;
const FOREHEAD = 10;
const CHIN = 152;

export function poseOf({ leftEye, rightEye }: Landmarks, { points, depths }: Mesh): Quality["pose"] {
  const depth = (index: number): number => depths[index] ?? 0;
  const apart = (one: number, other: number): number => distance(points[one]!, points[other]!);
  return {
    yaw: degrees(Math.atan2(depth(RIGHT_SIDE) - depth(LEFT_SIDE), apart(LEFT_SIDE, RIGHT_SIDE))),
    pitch: degrees(Math.atan2(depth(FOREHEAD) - depth(CHIN), apart(FOREHEAD, CHIN))),
    roll: degrees(Math.atan2(rightEye.y - leftEye.y, rightEye.x - leftEye.x)),
  };
}

const distance = (one: Point, other: Point): number => Math.hypot(one.x - other.x, one.y - other.y);

const degrees = (radians: number): number => (radians * 180) / Math.PI;
