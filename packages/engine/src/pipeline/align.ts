import { recogniser } from "@prosopon/models";
import { cut, invert, type Pyramid, type Similarity } from "./pixels.ts";
import type { Point } from "../types.ts";

/** Pixels on a side of what the embedding model sees. */
export const ALIGNED_SIZE = recogniser.input.width;

/** Where the recogniser wants each point of the face mesh. */
export const MESH_TEMPLATE: Point[] = recogniser.template.points.map(([x, y]) => ({ x, y }));

/** Where SFace was trained to find both eyes, the nose tip and both mouth corners, in its 112 x 112 pixels (ArcFace's template). */
export const FIVE_POINT_TEMPLATE: Point[] = [
  { x: 38.2946, y: 51.6963 },
  { x: 73.5318, y: 51.5014 },
  { x: 56.0252, y: 71.7366 },
  { x: 41.5493, y: 92.3655 },
  { x: 70.7299, y: 92.2041 },
];

/**
 * Brings a face where the embedding model was trained to see it, by all 468 points of its mesh: single points move with
 * expression and pose, the sum of them hardly does.
 * @returns RGB 0..255, three planes of ALIGNED_SIZE x ALIGNED_SIZE.
 */
export function align(pyramid: Pyramid, mesh: Point[]): Float32Array {
  const toAligned = fit(mesh, MESH_TEMPLATE);
  return cut(pyramid, invert(toAligned), ALIGNED_SIZE, { layout: "planes", scale: 1, offset: 0 });
}

/** The similarity that carries points onto others with the least square error (Umeyama's, in two dimensions). */
export function fit(from: Point[], to: Point[]): Similarity {
  const count = Math.min(from.length, to.length);
  const mean = (points: Point[], axis: "x" | "y"): number =>
    points.slice(0, count).reduce((sum, point) => sum + point[axis], 0) / count;
  const [fromX, fromY, toX, toY] = [mean(from, "x"), mean(from, "y"), mean(to, "x"), mean(to, "y")];
  let cosine = 0;
  let sine = 0;
  let square = 0;
  for (let index = 0; index < count; index++) {
    const [source, target] = [from[index], to[index]];
    if (source === undefined || target === undefined) continue;
    const [x, y, u, v] = [source.x - fromX, source.y - fromY, target.x - toX, target.y - toY];
    cosine += x * u + y * v;
    sine += x * v - y * u;
    square += x * x + y * y;
  }
  const a = cosine / square;
  const b = sine / square;
  return { a, b, x: toX - a * fromX + b * fromY, y: toY - b * fromX - a * fromY };
}
