/** A picture no longer than this on its longest side is kept as it is. */
const LONGEST_SIDE = 2048;
/**
 * Pixels kept of a larger one, where that is more than the longest side would leave: a face of 100 pixels among a 12-megapixel
 * group keeps 50, enough to be told from another, and one in a picture of 1080 x 20000 keeps a third.
 */
const AREA = 2048 * 1536;

/** The longest side that a picture is made smaller to while it is decoded, in pixels. */
export function longestKept({ width, height }: { width: number; height: number }): number {
  const longest = Math.max(width, height);
  if (longest <= LONGEST_SIDE) return longest;
  return Math.round(
    longest * Math.min(1, Math.max(LONGEST_SIDE / longest, Math.sqrt(AREA / (width * height)))),
  );
}

/** Bytes that a decode takes: what cannot be decoded row by row, and the picture it makes, some times over on its way out. */
export function bytesNeeded(structure: { width: number; height: number; workBytes: number }): number {
  const { width, height, workBytes } = structure;
  const scale = longestKept(structure) / Math.max(width, height);
  return Math.round(BASE_BYTES + workBytes + ROWS * 3 * width + COPIES * 3 * width * height * scale * scale);
}

/** Rows, tables and strips of the decoder. */
const BASE_BYTES = 16 * 2 ** 20;
/** Rows as stored that are held while they are made fewer: it shows where they are long. */
const ROWS = 400;
/** The picture, its turned or flattened copy, the raw bytes, and what the pipe holds. */
const COPIES = 4;
