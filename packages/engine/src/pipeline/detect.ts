import { cut, type Encoding, type Pyramid, type Similarity } from "./pixels.ts";
import type { Run } from "../sessions/node.ts";
import type { Box, Point } from "../types.ts";

/** One face as the detector sees it, pixels of the decoded image. */
export interface Detection {
  box: Box;
  /** Left eye, right eye (as the viewer sees them), nose tip, middle of the mouth, left ear, right ear. */
  points: Point[];
  /** 0..1. */
  confidence: number;
}

/** Pixels on a side of what the detector sees. */
const VIEW = 256;
const ENCODING: Encoding = { layout: "interleaved", scale: 2 / 255, offset: -1 };
/** Below this a detection is not a face; the landmark stage looks again at what is above. */
const MIN_CONFIDENCE = 0.5;
/** Overlap (intersection over union) from which two detections are one face. */
const SAME_FACE = 0.3;
const POINTS = 6;
/** Anchors: cell size in pixels of the view, how many a cell, and the graph's outputs for them. */
const LAYERS = [
  { cell: 16, each: 2, scores: "Identity:0", offsets: "Identity_2:0" },
  { cell: 32, each: 6, scores: "Identity_1:0", offsets: "Identity_3:0" },
];
/** A picture longer than so many times its width is looked at in windows: whole, its faces would be too small in the view. */
const LONG = 3;
/** A face this wide, as a part of the shorter side, is what the photo is about: nobody is looked for behind it. */
const PORTRAIT = 0.2;
/** Sides of the tiles of the closer looks, as parts of the shorter side, and the least size where one is of use. */
const CLOSER_LOOKS = [
  { part: 0.6, leastTile: 200 },
  { part: 0.3, leastTile: 250 },
];
const OVERLAP = 0.25;
/** The wider look when nothing was found: the picture takes this part of the view, so that a face filling the frame fits. */
const WIDER = 0.5;

/** Finds faces: the whole picture at once; closer, tile by tile, when no face is large; from further away when there is none. */
export async function detect(pyramid: Pyramid, run: Run, signal?: AbortSignal): Promise<Detection[]> {
  const [{ width, height }] = pyramid;
  const longer = Math.max(width, height);
  const shorter = Math.min(width, height);
  let found = merge(await firstLook(pyramid, run, signal));
  if (found.some(({ box }) => box.width >= PORTRAIT * shorter)) return found;

  if (found.length === 0) {
    const side = longer / WIDER;
    found = merge(await look(pyramid, { x: (width - side) / 2, y: (height - side) / 2, side }, run));
    if (found.length > 0) return found;
  }
  const closer = [...found];
  for (const { part, leastTile } of CLOSER_LOOKS) {
    const side = Math.round(part * shorter);
    if (side < leastTile) break;
    for (const y of starts(height, side)) {
      for (const x of starts(width, side)) {
        signal?.throwIfAborted();
        const seen = await look(pyramid, { x, y, side }, run);
        closer.push(...seen.filter(({ box }) => isWhole(box, { x, y, side }, width, height)));
      }
    }
  }
  return merge(closer);
}

/** The whole picture; of a long one, windows along it, each so large that a face of any size is whole in one of them. */
async function firstLook(pyramid: Pyramid, run: Run, signal?: AbortSignal): Promise<Detection[]> {
  const [{ width, height }] = pyramid;
  const longer = Math.max(width, height);
  const shorter = Math.min(width, height);
  if (longer <= LONG * shorter)
    return look(pyramid, { x: (width - longer) / 2, y: (height - longer) / 2, side: longer }, run);
  const side = 2 * shorter;
  const found: Detection[] = [];
  for (const start of starts(longer, side, 0.5)) {
    signal?.throwIfAborted();
    const window = width > height ? { x: start, y: -shorter / 2, side } : { x: -shorter / 2, y: start, side };
    const seen = await look(pyramid, window, run);
    found.push(...seen.filter(({ box }) => isWhole(box, window, width, height)));
  }
  return found;
}

interface Square extends Point {
  side: number;
}

function starts(length: number, side: number, overlap = OVERLAP): number[] {
  const count = Math.max(1, Math.ceil((length - side * overlap) / (side * (1 - overlap))));
  return Array.from({ length: count }, (_, index) =>
    count === 1 ? Math.round((length - side) / 2) : Math.round((index * (length - side)) / (count - 1)),
  );
}

/** A face cut by the edge of its tile is left to the tile beside it. */
function isWhole(box: Box, { x, y, side }: Square, width: number, height: number): boolean {
  const margin = 0.02 * side;
  return (
    (x <= 0 || box.x > x + margin) &&
    (y <= 0 || box.y > y + margin) &&
    (x + side >= width || box.x + box.width < x + side - margin) &&
    (y + side >= height || box.y + box.height < y + side - margin)
  );
}

async function look(pyramid: Pyramid, { x, y, side }: Square, run: Run): Promise<Detection[]> {
  const scale = side / VIEW;
  // Pixel centres: the first of the view covers `scale` pixels of the picture.
  const toSource: Similarity = { a: scale, b: 0, x: x + scale / 2 - 0.5, y: y + scale / 2 - 0.5 };
  const outputs = await run(cut(pyramid, toSource, VIEW, ENCODING));
  const found: Detection[] = [];
  for (const { cell, each, scores, offsets } of LAYERS) {
    const logits = outputs[scores] ?? new Float32Array();
    const values = outputs[offsets] ?? new Float32Array();
    const cells = VIEW / cell;
    for (let anchor = 0; anchor < logits.length; anchor++) {
      const confidence = 1 / (1 + Math.exp(-(logits[anchor] ?? 0)));
      if (confidence < MIN_CONFIDENCE) continue;
      const index = Math.floor(anchor / each);
      const centre = { x: ((index % cells) + 0.5) * cell, y: (Math.floor(index / cells) + 0.5) * cell };
      const value = (at: number): number => values[anchor * (4 + POINTS * 2) + at] ?? 0;
      const point = (at: number): Point => ({
        x: x + (centre.x + value(at)) * scale,
        y: y + (centre.y + value(at + 1)) * scale,
      });
      const middle = point(0);
      const [boxWidth, boxHeight] = [value(2) * scale, value(3) * scale];
      found.push({
        box: { x: middle.x - boxWidth / 2, y: middle.y - boxHeight / 2, width: boxWidth, height: boxHeight },
        points: Array.from({ length: POINTS }, (_, at) => point(4 + at * 2)),
        confidence,
      });
    }
  }
  return found;
}

/** One detection a face: the mean of those that overlap, weighted by confidence, as MediaPipe does it; largest first. */
function merge(detections: Detection[]): Detection[] {
  let rest = detections.toSorted((a, b) => b.confidence - a.confidence);
  const faces: Detection[] = [];
  for (let best = rest[0]; best !== undefined; best = rest[0]) {
    const { box } = best;
    const same = rest.filter((other) => overlap(box, other.box) > SAME_FACE);
    rest = rest.filter((other) => !same.includes(other) && other !== best);
    faces.push(mean(same.length > 0 ? same : [best], best.confidence));
  }
  return faces.toSorted((a, b) => b.box.width * b.box.height - a.box.width * a.box.height);
}

function mean(detections: Detection[], confidence: number): Detection {
  const total = detections.reduce((sum, detection) => sum + detection.confidence, 0);
  const weigh = (read: (detection: Detection) => number | undefined): number =>
    detections.reduce((sum, detection) => sum + (read(detection) ?? 0) * detection.confidence, 0) / total;
  return {
    box: {
      x: weigh(({ box }) => box.x),
      y: weigh(({ box }) => box.y),
      width: weigh(({ box }) => box.width),
      height: weigh(({ box }) => box.height),
    },
    points: Array.from({ length: POINTS }, (_, at) => ({
      x: weigh(({ points }) => points[at]?.x),
      y: weigh(({ points }) => points[at]?.y),
    })),
    confidence,
  };
}

export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}
