import type { Run } from "../sessions/node.ts";
import type { Box, Point } from "../types.ts";
import { type Detection, look, type Square } from "./look.ts";
import { merge } from "./merge.ts";
import type { Pyramid } from "./pixels.ts";

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
    found = merge(await look(pyramid, { x: width / 2, y: height / 2, side }, run));
    if (found.length > 0) return found;
  }
  const closer = [...found];
  for (const { part, leastTile } of CLOSER_LOOKS) {
    const side = Math.round(part * shorter);
    if (side < leastTile) break;
    for (const y of starts(height, side)) {
      for (const x of starts(width, side)) {
        signal?.throwIfAborted();
        const seen = await look(pyramid, square({ x, y, side }), run);
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
  if (longer <= LONG * shorter) return look(pyramid, { x: width / 2, y: height / 2, side: longer }, run);
  const side = LONG * shorter;
  const across = (shorter - side) / 2;
  const found: Detection[] = [];
  for (const start of starts(longer, side, 1 / LONG)) {
    signal?.throwIfAborted();
    const window = width > height ? { x: start, y: across, side } : { x: across, y: start, side };
    const seen = await look(pyramid, square(window), run);
    found.push(...seen.filter(({ box }) => isWhole(box, window, width, height)));
  }
  return found;
}

/** A square by its corner. */
interface Tile extends Point {
  side: number;
}

const square = ({ x, y, side }: Tile): Square => ({ x: x + side / 2, y: y + side / 2, side });

function starts(length: number, side: number, overlap = OVERLAP): number[] {
  const count = Math.max(1, Math.ceil((length - side * overlap) / (side * (1 - overlap))));
  return Array.from({ length: count }, (_, index) =>
    count === 1 ? Math.round((length - side) / 2) : Math.round((index * (length - side)) / (count - 1)),
  );
}

/** A face cut by the edge of its tile is left to the tile beside it. */
function isWhole(box: Box, { x, y, side }: Tile, width: number, height: number): boolean {
  const margin = 0.02 * side;
  return (
    (x <= 0 || box.x > x + margin) &&
    (y <= 0 || box.y > y + margin) &&
    (x + side >= width || box.x + box.width < x + side - margin) &&
    (y + side >= height || box.y + box.height < y + side - margin)
  );
}
