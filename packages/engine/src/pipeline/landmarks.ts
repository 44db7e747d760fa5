import type { Detection } from "./look.ts";
import { apply, cut, type Encoding, type Pyramid, type Similarity } from "./pixels.ts";
import type { Run } from "../sessions/node.ts";
import type { Landmarks, Point } from "../types.ts";

/** What the mesh says of one face, pixels of the decoded image. */
export interface Mesh {
  /** 468 points of MediaPipe's canonical face. */
  points: Point[];
  /** Depth of each, in pixels too; smaller is nearer. */
  depths: number[];
  /** 0..1: is there a face at all? */
  presence: number;
}

/** Pixels on a side of what the mesh sees: an upright square around the face. */
const VIEW = 192;
const ENCODING: Encoding = { layout: "planes", scale: 1 / 255, offset: 0 };
/** Side of that square: this many times the detector's box. */
const ZOOM = 1.5;

/** Indices into the mesh. Left and right as the viewer sees them. */
const LEFT_EYE = [33, 133, 159, 145, 158, 153, 160, 144];
const RIGHT_EYE = [263, 362, 386, 374, 385, 380, 387, 373];
const NOSE_TIP = 4;
const LEFT_MOUTH = 61;
const RIGHT_MOUTH = 291;

export async function findMesh(pyramid: Pyramid, { box, points }: Detection, run: Run): Promise<Mesh> {
  const [leftEye = { x: 0, y: 0 }, rightEye = { x: 1, y: 0 }] = points;
  const roll = Math.atan2(rightEye.y - leftEye.y, rightEye.x - leftEye.x);
  const side = (ZOOM * Math.max(box.width, box.height)) / VIEW;
  const [a, b] = [side * Math.cos(roll), side * Math.sin(roll)];
  const middle = (VIEW - 1) / 2;
  const toSource: Similarity = {
    a,
    b,
    x: box.x + box.width / 2 - 0.5 - (a * middle - b * middle),
    y: box.y + box.height / 2 - 0.5 - (b * middle + a * middle),
  };
  const { mesh = new Float32Array(), presence } = await run(cut(pyramid, toSource, VIEW, ENCODING));
  const found: Mesh = { points: [], depths: [], presence: presence?.[0] ?? 0 };
  for (let at = 0; at + 2 < mesh.length; at += 3) {
    found.points.push(apply(toSource, { x: mesh[at] ?? 0, y: mesh[at + 1] ?? 0 }));
    found.depths.push((mesh[at + 2] ?? 0) * side);
  }
  return found;
}

export function fivePoints({ points }: Mesh): Landmarks {
  return {
    leftEye: centre(points, LEFT_EYE),
    rightEye: centre(points, RIGHT_EYE),
    nose: centre(points, [NOSE_TIP]),
    leftMouth: centre(points, [LEFT_MOUTH]),
    rightMouth: centre(points, [RIGHT_MOUTH]),
  };
}

function centre(points: Point[], indices: number[]): Point {
  const sum = { x: 0, y: 0 };
  for (const index of indices) {
    sum.x += (points[index]?.x ?? 0) / indices.length;
    sum.y += (points[index]?.y ?? 0) / indices.length;
  }
  return sum;
}
