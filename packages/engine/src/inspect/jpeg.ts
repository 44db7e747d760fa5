import { broken, costly, cutOff, tooManyPixels, tooMuchMemory, unsupported } from "./refusals.ts";
import type { ImageBounds, Structure } from "./structure.ts";
import type { Walk } from "./walk.ts";

/** Of all segments beside the picture: a phone's photo has up to some MB of depth map and previews. */
const MAX_METADATA_BYTES = 16 * 2 ** 20;
const MAX_SEGMENTS = 4_096;
/** Bytes between two segments that are not part of any; decoders pass over them. */
const MAX_STRAY_BYTES = 65_536;
/** A progressive photo has about 10. */
const MAX_SCANS = 100;
/** Scans times pixels: each scan is a pass over all of them. 20 of the largest photo that is decoded whole. */
const MAX_SCANNED_PIXELS = 2e9;
/** Noise at the best quality takes some 5 bytes a pixel. */
const MAX_SCAN_BYTES = { aPixel: 10, more: 2 ** 20 };
const MAX_PROFILE_BYTES = 2 ** 20;

const KINDS: Record<number, string> = {
  0xc3: "a lossless JPEG",
  0xc5: "a hierarchical JPEG",
  0xc6: "a hierarchical JPEG",
  0xc7: "a hierarchical lossless JPEG",
  0xcb: "a lossless JPEG with arithmetic coding",
  0xcd: "a hierarchical JPEG",
  0xce: "a hierarchical JPEG",
  0xcf: "a hierarchical lossless JPEG",
};
/** Decoded: baseline, extended and progressive, with Huffman or arithmetic coding. */
const PROGRESSIVE = [0xc2, 0xca];
const FRAMES = [0xc0, 0xc1, 0xc9, ...PROGRESSIVE];

interface Frame {
  width: number;
  height: number;
  progressive: boolean;
  components: number;
  /** Samples of all components, in blocks of 8 x 8. */
  samples: number;
}

/** Walks a JPEG from its second byte to its end marker; what follows that (previews, videos of phones) is not looked at. */
export function* walkJpeg(bounds: ImageBounds): Walk<Structure> {
  let frame: Frame | undefined;
  let scans = 0;
  let segments = 0;
  let metadata = 0;
  let single = true;
  const profile: Uint8Array[] = [];
  yield { skip: 2 };

  const structure = (ended: boolean): Structure => {
    if (frame === undefined) throw broken("JPEG", "it has no frame header");
    if (scans === 0) throw broken("JPEG", "it has no picture");
    return {
      format: "jpeg",
      width: frame.width,
      height: frame.height,
      workBytes: workBytesOf(frame, single),
      rawBytes: frame.samples,
      ended,
      ...(profile.length > 0 && { profile: Buffer.concat(profile) }),
    };
  };

  for (;;) {
    const marker: number =
      frame !== undefined && scans > 0 ? yield* markerInPicture(frame) : yield* nextMarker();
    if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    if (marker === 0xd9) return structure(true);
    if (marker === 0xd8) throw broken("JPEG", "a second picture begins within it");
    segments += 1;
    const lengthBytes = yield { take: 2 };
    const length = ((lengthBytes[0] ?? 0) << 8) | (lengthBytes[1] ?? 0);
    if (length < 2) throw broken("JPEG", "a segment has no length");
    metadata += length;
    if (segments > MAX_SEGMENTS || metadata > MAX_METADATA_BYTES)
      throw costly("JPEG", `has over ${MAX_SEGMENTS} segments or ${MAX_METADATA_BYTES >> 20} MB of metadata`);

    if (marker === 0xda) {
      if (frame === undefined) throw broken("JPEG", "the picture starts before its frame header");
      const header = yield { take: length - 2 };
      scans += 1;
      if (frame.progressive || header[0] !== frame.components) single = false;
      checkScans(scans, frame);
      checkMemory(workBytesOf(frame, single), bounds);
    } else if (isFrame(marker)) {
      if (frame !== undefined) throw broken("JPEG", "it has two frame headers");
      frame = readFrame(marker, yield { take: Math.min(length - 2, 255) });
      if (length - 2 > 255) yield { skip: length - 2 - 255 };
      if (frame.width * frame.height > bounds.maxPixels)
        throw tooManyPixels(frame.width, frame.height, bounds.maxPixels);
      checkMemory(workBytesOf(frame, true), bounds);
    } else if (marker === 0xe2 && sum(profile) < MAX_PROFILE_BYTES) {
      const data = yield { take: length - 2 };
      if (String.fromCharCode(...data.subarray(0, 12)) === "ICC_PROFILE\0")
        profile.push(Uint8Array.from(data.subarray(14)));
    } else yield { skip: length - 2 };
  }
}

function* markerInPicture({ width, height }: Frame): Walk<number> {
  const [marker] = yield { markerWithin: MAX_SCAN_BYTES.aPixel * width * height + MAX_SCAN_BYTES.more };
  if (marker === undefined) throw costly("JPEG", "has more data than its picture needs");
  return marker;
}

/** The first marker behind what is no segment's: decoders pass over stray bytes, and so does this. */
function* nextMarker(): Walk<number> {
  let stray = 0;
  for (;;) {
    const [byte] = yield { take: 1 };
    if (byte === 0xff) break;
    if (++stray > MAX_STRAY_BYTES) throw broken("JPEG", "a marker is missing before the frame header");
  }
  for (;;) {
    const [marker = 0] = yield { take: 1 };
    if (marker !== 0xff) return marker; // repeated, it only fills
  }
}

/** SOF0..SOF15, but not DHT, JPG and DAC between them. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

function readFrame(marker: number, data: Uint8Array): Frame {
  const kind = KINDS[marker];
  if (kind !== undefined || !FRAMES.includes(marker)) throw unsupported(kind ?? "a JPEG of an unknown kind");
  const at = (index: number): number => data[index] ?? 0;
  if (data.length < 6) throw cutOff("JPEG");
  const precision = at(0);
  if (precision !== 8) throw unsupported(`a JPEG of ${precision} bits a sample`);
  const [height, width, components] = [(at(1) << 8) | at(2), (at(3) << 8) | at(4), at(5)];
  if (width === 0 || height === 0) throw broken("JPEG", `its header says ${width} x ${height} pixels`);
  if (![1, 3, 4].includes(components)) throw unsupported(`a JPEG of ${components} components`);
  if (data.length < 6 + 3 * components) throw broken("JPEG", "its frame header is too short");
  const factors = Array.from({ length: components }, (_, index): [number, number] => {
    const both = at(7 + 3 * index);
    return [both >> 4, both & 15];
  });
  if (factors.flat().some((factor) => factor < 1 || factor > 4))
    throw broken("JPEG", "a sampling factor is none");
  const most = (which: 0 | 1): number => Math.max(...factors.map((pair) => pair[which]));
  const samples = factors.reduce((total, [across, down]) => {
    const [columns, rows] = [(width * across) / most(0), (height * down) / most(1)];
    return total + Math.ceil(columns / 8) * 8 * Math.ceil(rows / 8) * 8;
  }, 0);
  return { width, height, components, samples, progressive: PROGRESSIVE.includes(marker) };
}

/** A picture in a single scan is decoded row by row; of any other all coefficients are held. */
const workBytesOf = ({ progressive, samples }: Frame, single: boolean): number =>
  progressive || !single ? 2 * samples : 0;

function checkScans(scans: number, { width, height }: Frame): void {
  if (scans > MAX_SCANS || (scans > 1 && scans * width * height > MAX_SCANNED_PIXELS))
    throw costly("JPEG", `has too many scans for its ${width} x ${height} pixels`);
}

function checkMemory(bytes: number, { decodeMemory }: ImageBounds): void {
  if (bytes > decodeMemory) throw tooMuchMemory("JPEG", bytes, decodeMemory);
}

const sum = (parts: Uint8Array[]): number => parts.reduce((total, { length }) => total + length, 0);
