import type { Run } from "../sessions/node.ts";
import { findMesh, type Mesh } from "./landmarks.ts";
import { type Detection, look, middleOf, type Square } from "./look.ts";
import { merge } from "./merge.ts";
import type { Pyramid } from "./pixels.ts";

/** A face as detector and mesh see it. */
export interface Seen {
  detection: Detection;
  mesh: Mesh;
  /** Whether both are sure enough of it that nobody looks again. */
  sure: boolean;
}

export interface Lookers {
  detector: Run;
  mesh: Run;
}

/** What 97 of 100 news portraits have more of; of faces turned by 90 degrees and more, a third have. */
const SURE_CONFIDENCE = 0.75;
const SURE_PRESENCE = 0.99;
/** A face that lies further over is seen better when the picture is turned; radians. */
const SURE_LEAN = Math.PI / 3.6;
/** From this confidence on a face is the way up that the detector takes it for; below, the mesh is asked too. */
const UPRIGHT_CONFIDENCE = 0.87;
/** A box that takes more than this part of the picture's shorter side, or comes this near to its edge, may be a part of a face. */
const FILLS = 0.62;
const EDGE = 0.02;
/** Side of the further look: this many times the first box. */
const FURTHER = 3;
/** The first one is the same way up. */
const TURNS = [0, Math.PI, Math.PI / 2, -Math.PI / 2];

/** Side of the further look at the whole picture: this many times its longer side. */
const FURTHEST = 2;

/**
 * What the detections of a picture show. A weak one is a question, and so is one that fills the frame or lies at its edge: then the
 * detector looks from further away, and the answer of which it is surest counts. Pictures are turned as a whole: it looks with the
 * picture turned too, unless a larger face stands upright.
 */
export async function seeAll(
  pyramid: Pyramid,
  detections: readonly Detection[],
  run: Lookers,
  signal?: AbortSignal,
): Promise<Seen[]> {
  const first: Seen[] = [];
  for (const detection of detections) first.push(await withMesh(pyramid, detection, run));
  const upright = Math.max(0, ...first.filter(({ sure }) => sure).map(sizeOf));
  const faces: Seen[] = [];
  for (const seen of first) {
    signal?.throwIfAborted();
    const settled = seen.sure && isInside(pyramid, seen.detection);
    const turns = sizeOf(seen) < upright ? TURNS.slice(0, 1) : TURNS;
    faces.push(settled ? seen : await again(pyramid, seen, turns, run, signal));
  }
  if (faces.some(({ sure }) => sure)) return faces;
  const [{ width, height }] = pyramid;
  const side = FURTHEST * Math.max(width, height);
  const square = { x: width / 2, y: height / 2, side };
  for await (const seen of looks(pyramid, square, TURNS, run, signal)) faces.push(...seen);
  return faces;
}

const sizeOf = ({ detection: { box } }: Seen): number => Math.max(box.width, box.height);

async function again(
  pyramid: Pyramid,
  first: Seen,
  turns: readonly number[],
  run: Lookers,
  signal?: AbortSignal,
): Promise<Seen> {
  const { x, y } = middleOf(first.detection.box);
  const size = sizeOf(first);
  const isNear = ({ detection: { box } }: Seen): boolean =>
    Math.hypot(middleOf(box).x - x, middleOf(box).y - y) < size / 2;
  let best = first;
  for await (const seen of looks(pyramid, { x, y, side: FURTHER * size }, turns, run, signal))
    for (const one of seen.filter(isNear)) if (isBetter(one, best)) best = one;
  return best;
}

/** What the detector sees in a square, turn by turn, until it is sure of a face. */
async function* looks(
  pyramid: Pyramid,
  square: Square,
  turns: readonly number[],
  run: Lookers,
  signal?: AbortSignal,
): AsyncGenerator<Seen[]> {
  for (const turn of turns) {
    signal?.throwIfAborted();
    const seen: Seen[] = [];
    for (const detection of merge(await look(pyramid, { ...square, turn }, run.detector)))
      seen.push(await withMesh(pyramid, detection, run));
    yield seen;
    if (seen.some(({ sure }) => sure)) return;
  }
}

async function withMesh(pyramid: Pyramid, detection: Detection, run: Lookers): Promise<Seen> {
  const mesh = await findMesh(pyramid, detection, run.mesh);
  const { confidence, lean } = detection;
  let sure = confidence >= SURE_CONFIDENCE && mesh.presence >= SURE_PRESENCE && Math.abs(lean) <= SURE_LEAN;
  // The mesh read upside down has the larger presence in every inverted face, and in no upright one.
  if (sure && confidence < UPRIGHT_CONFIDENCE)
    sure = (await findMesh(pyramid, inverted(detection), run.mesh)).presence <= mesh.presence;
  return { detection, mesh, sure };
}

/** With its eyes exchanged: the mesh goes by them. */
function inverted(detection: Detection): Detection {
  const [left, right, ...others] = detection.points;
  return { ...detection, points: [right!, left!, ...others] };
}

/** 0..1 */
const certainty = ({ detection, mesh }: Seen): number => detection.confidence * mesh.presence;

/** Of two ways to see one face, the one to go by. */
export const isBetter = (one: Seen, other: Seen): boolean =>
  one.sure === other.sure ? certainty(one) > certainty(other) : one.sure;

function isInside([{ width, height }]: Pyramid, { box }: Detection): boolean {
  const shorter = Math.min(width, height);
  const margin = EDGE * shorter;
  return (
    Math.max(box.width, box.height) <= FILLS * shorter &&
    box.x >= margin &&
    box.y >= margin &&
    box.x + box.width <= width - margin &&
    box.y + box.height <= height - margin
  );
}
