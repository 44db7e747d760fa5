import type { Landmarks, Point, Quality } from "../../types.ts";
import { MESH_TEMPLATE } from "../align.ts";
import type { Mesh } from "../landmarks.ts";
import type { Detection } from "../look.ts";
import type { Pixels } from "../pixels.ts";
import { evenness } from "./blocks.ts";
import { lightOf } from "./light.ts";
import { poseOf } from "./pose.ts";
import { proportionsOf } from "./proportions.ts";
import { type Bounds, ramp } from "./ramp.ts";

// Bounds of the parts. Those of which no source is said are set so that 99 of 100 news portraits (LFW, folds 1 to 5) are good, and
// the spoilt ones of `pnpm bench quality` on the same people are not.
/** At 7 pixels 98 of 100 people still match themselves. */
const EYE_DISTANCE_PIXELS: Bounds = [4, 28];
const TURN_DEGREES: Bounds = [75, 30];
/** Mean absolute Laplacian over the deviation of the light, of the aligned face. */
const EDGES: Bounds = [0.03, 0.11];
const EVENNESS: Bounds = [0.6, 0.84];
/** Mean light, 0..255, from either end. */
const DARK: Bounds = [4, 48];
const BRIGHT: Bounds = [250, 215];
const CONTRAST: Bounds = [1, 10];
const BURNT: Bounds = [0.4, 0.05];
const EYES: Bounds = [0.15, 0.45];
const DETAIL: Bounds = [0.02, 0.08];
/** What covered eyes leave of a face, or a covered mouth: strangers match at some 1 % instead of 0.07 %, and people still match themselves. */
const COVERED = 0.2;
/** Width for height, from either end. */
const NARROW: Bounds = [0.72, 1];
const WIDE: Bounds = [1.55, 1.25];
/** Part of the mesh that lies outside the picture. */
const OUTSIDE: Bounds = [0.3, 0.05];
const CONFIDENCE: Bounds = [0.62, 0.88];
/** A part under this is named as a reason. */
const WORTH_NAMING = 0.5;

/** What quality is measured of. */
export interface Measured {
  aligned: Float32Array;
  landmarks: Landmarks;
  mesh: Mesh;
  detection: Detection;
  /** The decoded image, in whose pixels the others are. */
  picture: Pixels;
  /** Pixels of the image as sent for one of the decoded image. */
  scale: number;
}

/** All but what only the recogniser can tell: `withDistinctness` adds that. */
export function measureQuality({ aligned, landmarks, mesh, detection, picture, scale }: Measured): Quality {
  const { leftEye, rightEye } = landmarks;
  const size = Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y) * scale;
  const pose = poseOf(landmarks, mesh);
  const light = lightOf(aligned);
  const edges = ramp(light.edges / Math.max(light.deviation, 1), EDGES);
  const even = ramp(evenness(picture, detection.box), EVENNESS);
  const lit = Math.min(ramp(light.mean, DARK), ramp(light.mean, BRIGHT), ramp(light.deviation, CONTRAST));
  const burnt = ramp(light.burnt, BURNT);
  const uncovered = (seen: number): number => COVERED + (1 - COVERED) * seen;
  const eyes = uncovered(Math.min(ramp(light.eyes, EYES), ramp(light.eyesDetail, DETAIL)));
  const mouth = uncovered(ramp(light.mouthDetail, DETAIL));
  const turned = Math.max(Math.abs(pose.yaw), Math.abs(pose.pitch));
  const frontal = ramp(turned, TURN_DEGREES);
  const large = ramp(size, EYE_DISTANCE_PIXELS);
  const widthForHeight = proportionsOf(mesh.points, MESH_TEMPLATE);
  const proportions = Math.min(ramp(widthForHeight, NARROW), ramp(widthForHeight, WIDE));
  const whole = ramp(outside(mesh.points, picture), OUTSIDE);
  const sure = ramp(detection.confidence, CONFIDENCE);

  const parts: [number, string][] = [
    [large, `the face is small: ${Math.round(size)} pixels between the eyes`],
    [edges, "the face is blurred"],
    [even, "the face is made of blocks: it was pixelated, or compressed too much"],
    [lit, light.mean < 128 ? "the face is too dark" : "the face is too bright"],
    [burnt, "parts of the face are burnt out"],
    [eyes, "the eyes are covered"],
    [mouth, "the mouth is covered"],
    [frontal, `the face is turned away by ${Math.round(turned)} degrees`],
    [proportions, "the face is squeezed"],
    [whole, "the face is cut off by the edge of the picture"],
    [sure, "the face is hard to make out"],
  ];
  const score = parts.reduce((product, [part]) => product * part, 1);
  // A score that is low has a reason, also where several parts lower it together.
  const worst = score < WORTH_NAMING ? Math.min(...parts.map(([part]) => part)) : 0;
  return {
    score,
    size,
    sharpness: Math.min(edges, even),
    exposure: Math.min(lit, burnt),
    pose,
    reasons: parts.filter(([part]) => part < WORTH_NAMING || part === worst).map(([, reason]) => reason),
  };
}

/**
 * @param distinctness 0..1: how much of its own the recogniser sees in the face (embed.ts)
 */
export function withDistinctness(quality: Quality, distinctness: number): Quality {
  const unclear = distinctness < WORTH_NAMING ? ["too little of the face can be recognised"] : [];
  return {
    ...quality,
    score: quality.score * distinctness,
    reasons: [...quality.reasons, ...unclear],
  };
}

/** 0..1 */
function outside(points: readonly Point[], { width, height }: Pixels): number {
  return (
    points.filter(({ x, y }) => x < 0 || y < 0 || x > width - 1 || y > height - 1).length / points.length
  );
}
