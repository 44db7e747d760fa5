import type { Box, Point } from "../types.ts";
import type { Detection } from "./look.ts";

/** Overlap (intersection over union) from which two detections are one face. */
const SAME_FACE = 0.3;

/** One detection a face: the mean of those that overlap, weighted by confidence, as MediaPipe does it; largest first. */
export function merge(detections: readonly Detection[]): Detection[] {
  let rest = detections.toSorted((a, b) => b.confidence - a.confidence);
  const faces: Detection[] = [];
  for (let best = rest[0]; best !== undefined; best = rest[0]) {
    const { box } = best;
    const same = rest.filter((other) => overlap(box, other.box) > SAME_FACE);
    rest = rest.filter((other) => !same.includes(other) && other !== best);
    faces.push(mean(same.length > 0 ? same : [best], best));
  }
  return faces.toSorted((a, b) => b.box.width * b.box.height - a.box.width * a.box.height);
}

function mean(detections: readonly Detection[], { lean, confidence }: Detection): Detection {
  const total = detections.reduce((sum, detection) => sum + detection.confidence, 0);
  const weigh = (read: (detection: Detection) => number): number =>
    detections.reduce((sum, detection) => sum + read(detection) * detection.confidence, 0) / total;
  return {
    box: {
      x: weigh(({ box }) => box.x),
      y: weigh(({ box }) => box.y),
      width: weigh(({ box }) => box.width),
      height: weigh(({ box }) => box.height),
    },
    points: detections[0]!.points.map((_, at): Point => ({
      x: weigh(({ points }) => points[at]!.x),
      y: weigh(({ points }) => points[at]!.y),
    })),
    lean,
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
