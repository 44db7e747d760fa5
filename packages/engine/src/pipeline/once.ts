import type { Point } from "../types.ts";
import type { Mesh } from "./landmarks.ts";
import { middleOf } from "./look.ts";
import { isBetter, type Seen } from "./seen.ts";

/** A box within a box escapes the detector's merging; their meshes still meet on one face. Largest first. */
export function eachOnce(faces: readonly Seen[]): Seen[] {
  const kept: (Seen & Extent)[] = [];
  for (const face of faces.toSorted((one, other) => (isBetter(one, other) ? -1 : 1))) {
    const own = { ...face, ...extentOf(face.mesh) };
    if (!kept.some((other) => isSameFace(own, other) || isWithin(own, other))) kept.push(own);
  }
  const area = ({ detection: { box } }: Seen): number => box.width * box.height;
  return kept.toSorted((one, other) => area(other) - area(one));
}

/** A part of a face that was taken for one: nobody is sure of it, and its middle lies in another's box. */
function isWithin({ sure, detection }: Seen, { detection: { box } }: Seen): boolean {
  const { x, y } = middleOf(detection.box);
  return !sure && x > box.x && y > box.y && x < box.x + box.width && y < box.y + box.height;
}

interface Extent {
  middle: Point;
  /** How far the points lie from the middle, root mean square; pixels. */
  radius: number;
}

function extentOf({ points }: Mesh): Extent {
  const mean = (read: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + read(point), 0) / points.length;
  const middle = { x: mean(({ x }) => x), y: mean(({ y }) => y) };
  return { middle, radius: Math.sqrt(mean(({ x, y }) => (x - middle.x) ** 2 + (y - middle.y) ** 2)) };
}

function isSameFace(one: Extent, other: Extent): boolean {
  const apart = Math.hypot(one.middle.x - other.middle.x, one.middle.y - other.middle.y);
  return apart < Math.max(one.radius, other.radius);
}
