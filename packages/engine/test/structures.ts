import { crc32, deflateSync } from "node:zlib";

/** Writers of PNG and JPEG structures, whole or as hostile as wanted; nothing here encodes a photograph. */

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const bytes = (...values: number[]): Buffer => Buffer.from(values);
const uint16 = (value: number): Buffer => bytes((value >> 8) & 255, value & 255);

export function chunk(type: string, data: Uint8Array = new Uint8Array()): Buffer {
  const frame = Buffer.alloc(data.length + 12);
  frame.writeUInt32BE(data.length);
  frame.write(type, 4, "latin1");
  frame.set(data, 8);
  frame.writeUInt32BE(crc32(frame.subarray(4, 8 + data.length)), 8 + data.length);
  return frame;
}

export interface PngOptions {
  depth?: number;
  colourType?: number;
  interlace?: number;
  /** Between header and picture. */
  before?: Buffer[];
  /** Instead of a grey picture. */
  data?: Buffer[];
  after?: Buffer[];
}

const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export function png(width: number, height: number, options: PngOptions = {}): Buffer {
  const { depth = 8, colourType = 2, interlace = 0, before = [], data, after = [] } = options;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType, 0, 0, interlace], 8);
  const row = 1 + Math.ceil((width * (SAMPLES[colourType] ?? 1) * depth) / 8);
  const picture = data ?? [chunk("IDAT", deflateSync(Buffer.alloc(row * height * (interlace ? 2 : 1))))];
  return Buffer.concat([
    latin1("\x89PNG\r\n\x1a\n"),
    chunk("IHDR", header),
    ...before,
    ...picture,
    ...after,
    chunk("IEND"),
  ]);
}

/** Text that inflates to so many bytes. */
export const text = (type: "zTXt" | "iTXt" | "iCCP", size: number): Buffer =>
  chunk(
    type,
    Buffer.concat([
      latin1(type === "iTXt" ? "Comment\0\x01\0\0\0" : "Comment\0\0"),
      deflateSync(Buffer.alloc(size, 65), { level: 9 }),
    ]),
  );

export function segment(marker: number, ...parts: Uint8Array[]): Buffer {
  const data = Buffer.concat(parts);
  return Buffer.concat([bytes(0xff, marker), uint16(data.length + 2), data]);
}

export const SOI = bytes(0xff, 0xd8);
export const EOI = bytes(0xff, 0xd9);

export interface FrameOptions {
  kind?: number;
  precision?: number;
  components?: number;
  /** Sampling factors of each component, as one byte. */
  factors?: number[];
}

export function frame(width: number, height: number, options: FrameOptions = {}): Buffer {
  const { kind = 0xc0, precision = 8, components = 1, factors = [] } = options;
  const parts = Array.from({ length: components }, (_, at) => bytes(at + 1, factors[at] ?? 0x11, 0));
  return segment(kind, bytes(precision), uint16(height), uint16(width), bytes(components), ...parts);
}

export const scan = (components = 1, from = 0, to = 63, bits = 0): Buffer =>
  segment(
    0xda,
    bytes(components),
    ...Array.from({ length: components }, (_, at) => bytes(at + 1, 0)),
    bytes(from, to, bits),
  );

const QUANTISATION = segment(0xdb, bytes(0, ...Array<number>(64).fill(1)));
const DC_TABLE = segment(0xc4, bytes(0x00, 1, ...Array<number>(15).fill(0), 0));
/** Runs of blocks without a coefficient, by the power of two of their length. */
const RUNS_TABLE = segment(
  0xc4,
  bytes(0x10, 0, 0, 0, 15, ...Array<number>(12).fill(0), ...Array.from({ length: 15 }, (_, at) => at << 4)),
);

/** Bits, most significant first, with a zero byte stuffed behind each 0xff. */
function writeBits(parts: [value: number, length: number][]): Buffer {
  const out: number[] = [];
  let [held, count] = [0, 0];
  const put = (bit: number): void => {
    held = (held << 1) | bit;
    if (++count < 8) return;
    out.push(held, ...(held === 255 ? [0] : []));
    [held, count] = [0, 0];
  };
  for (const [value, length] of parts) for (let at = length - 1; at >= 0; at--) put((value >> at) & 1);
  for (let padding = (8 - count) % 8; padding > 0; padding--) put(1);
  return Buffer.from(out);
}

/** A valid progressive JPEG, grey, whose scans add nothing: each is a pass over all of it. */
export function manyScans(width: number, height: number, scans: number): Buffer {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const runs: [number, number][] = [];
  for (let left = blocks; left > 0;) {
    const power = Math.min(14, Math.floor(Math.log2(left)));
    const run = Math.min(left, 2 ** (power + 1) - 1);
    runs.push([power, 4], ...(power > 0 ? ([[run - 2 ** power, power]] as [number, number][]) : []));
    left -= run;
  }
  const nothing = writeBits(runs);
  const refinements = Array.from({ length: scans }, (_, at) => {
    const [band, low] = [1 + (Math.floor(at / 14) % 63), 13 - (at % 14)];
    return Buffer.concat([scan(1, band, band, low === 13 ? 13 : ((low + 1) << 4) | low), nothing]);
  });
  return Buffer.concat([
    SOI,
    QUANTISATION,
    frame(width, height, { kind: 0xc2 }),
    DC_TABLE,
    RUNS_TABLE,
    scan(1, 0, 0),
    writeBits(Array.from({ length: blocks }, () => [0, 1])),
    ...refinements,
    EOI,
  ]);
}

/** The structure of a JPEG with these parts between its beginning and its end. */
export const jpeg = (...parts: Uint8Array[]): Buffer => Buffer.concat([SOI, ...parts, EOI]);
