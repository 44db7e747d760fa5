import type { Run } from "../sessions/node.ts";
import type { Box, Point } from "../types.ts";
import { apply, cut, type Encoding, type Pyramid, type Similarity } from "./pixels.ts";

/** One face as the detector sees it, pixels of the decoded image. */
export interface Detection {
  box: Box;
  /** Left eye, right eye (as the viewer of an upright face sees them), nose tip, middle of the mouth, left ear, right ear. */
  points: Point[];
  /** How far the line between the eyes leans in the view that it was seen in, radians. */
  lean: number;
  /** 0..1. */
  confidence: number;
}

/** A square of the picture, by its middle; `turn` is how far its upright stands from the picture's, radians clockwise. */
export interface Square extends Point {
  side: number;
  turn?: number;
}

/** Pixels on a side of what the detector sees. */
const VIEW = 256;
const ENCODING: Encoding = { layout: "interleaved", scale: 2 / 255, offset: -1 };
/** Below this a detection is not a face; whoever looks on judges what is above. */
const MIN_CONFIDENCE = 0.5;
const POINTS = 6;
/** Anchors: cell size in pixels of the view, how many a cell, and the graph's outputs for them. */
const LAYERS = [
  { cell: 16, each: 2, scores: "Identity:0", offsets: "Identity_2:0" },
  { cell: 32, each: 6, scores: "Identity_1:0", offsets: "Identity_3:0" },
];

/** One run of the detector; several detections may be one face. */
export async function look(pyramid: Pyramid, square: Square, run: Run): Promise<Detection[]> {
  const { x, y, side, turn = 0 } = square;
  const scale = side / VIEW;
  const [a, b] = [scale * Math.cos(turn), scale * Math.sin(turn)];
  const from = (middle: number): Similarity => ({
    a,
    b,
    x: x - a * middle + b * middle,
    y: y - b * middle - a * middle,
  });
  // The graph counts from the corner of a pixel, the cut from its centre.
  const toSource = from(VIEW / 2);
  const centres = from((VIEW - 1) / 2);
  const outputs = await run(
    cut(pyramid, { ...centres, x: centres.x - 0.5, y: centres.y - 0.5 }, VIEW, ENCODING),
  );
  const lying = Math.abs(b) > Math.abs(a);
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
      const point = (at: number): Point =>
        apply(toSource, { x: centre.x + value(at), y: centre.y + value(at + 1) });
      const middle = point(0);
      const lean = Math.atan2(value(7) - value(5), value(6) - value(4));
      const [width, height] = [value(lying ? 3 : 2) * scale, value(lying ? 2 : 3) * scale];
      found.push({
        box: { x: middle.x - width / 2, y: middle.y - height / 2, width, height },
        points: Array.from({ length: POINTS }, (_, at) => point(4 + at * 2)),
        lean,
        confidence,
      });
    }
  }
  return found;
}

export function middleOf({ x, y, width, height }: Box): Point {
  return { x: x + width / 2, y: y + height / 2 };
}
