import { inflateSync } from "node:zlib";
import { broken, costly, tooManyPixels, tooMuchMemory } from "./refusals.ts";
import { MAX_RAW_BYTES, type ImageBounds, type Structure } from "./structure.ts";
import type { Walk } from "./walk.ts";

/** Of all chunks that are not the picture. */
const MAX_ANCILLARY_BYTES = 16 * 2 ** 20;
const MAX_ANCILLARY_CHUNKS = 1_000;
/** Of one that is deflated, and of all together once they are inflated: XMP and profiles have some 100 kB. */
const MAX_DEFLATED_BYTES = 2 ** 20;
const MAX_INFLATED_BYTES = 8 * 2 ** 20;
/** Beyond what deflate without compression takes: 5 bytes a block of 64 kB, and the chunks' own. */
const SLACK = { factor: 1.05, bytes: 2 ** 20 };

/** Samples a pixel by colour type, and the depths that each may have. */
const COLOURS: Record<number, { samples: number; depths: number[] }> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

/** Walks a PNG from its signature to its end. */
export function* walkPng(bounds: ImageBounds): Walk<Structure> {
  yield { skip: 8 };
  const header = yield* readHeader(bounds);
  let [chunks, ancillary, inflated, data] = [0, 0, 0, 0];
  let profile: Uint8Array | undefined;
  for (;;) {
    const { type, length } = yield* chunkHead();
    if (type === "IDAT") {
      data += length;
      if (data > header.dataBytes * SLACK.factor + SLACK.bytes)
        throw costly("PNG", "has more compressed data than its picture needs");
    } else if (type === "IEND") {
      if (data === 0) throw broken("PNG", "it has no picture");
      return { ...header.structure, ...(profile && { profile }) };
    } else {
      chunks += 1;
      ancillary += length;
      if (chunks > MAX_ANCILLARY_CHUNKS || ancillary > MAX_ANCILLARY_BYTES)
        throw costly(
          "PNG",
          `has over ${MAX_ANCILLARY_CHUNKS} chunks or ${MAX_ANCILLARY_BYTES >> 20} MB beside its picture`,
        );
    }
    if (type === "zTXt" || type === "iTXt" || type === "iCCP") {
      if (length > MAX_DEFLATED_BYTES) throw costly("PNG", `has a ${type} chunk of ${length} bytes`);
      const content = yield { take: length };
      const deflated = deflatedPart(type, content);
      if (deflated) inflated += sizeInflated(deflated, type, MAX_INFLATED_BYTES - inflated);
      if (type === "iCCP" && deflated) profile = Uint8Array.from(deflated);
      yield { skip: 4 };
    } else yield { skip: length + 4 };
  }
}

function* chunkHead(): Walk<{ type: string; length: number }> {
  const head = yield { take: 8 };
  const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
  const type = String.fromCharCode(...head.subarray(4));
  if (length > 2 ** 31 - 1 || !/^[A-Za-z]{4}$/.test(type)) throw broken("PNG", "a chunk is none");
  return { type, length };
}

function* readHeader(bounds: ImageBounds): Walk<{ structure: Structure; dataBytes: number }> {
  const { type, length } = yield* chunkHead();
  if (type !== "IHDR" || length !== 13) throw broken("PNG", "its first chunk is not the image header");
  const header = yield { take: 13 };
  yield { skip: 4 };
  const view = new DataView(header.buffer, header.byteOffset);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth = 0, colourType = 0, compression, filter, interlace] = header.subarray(8);
  if (width === 0 || height === 0) throw broken("PNG", `its header says ${width} x ${height} pixels`);
  const colour = COLOURS[colourType];
  if (
    !colour?.depths.includes(depth) ||
    compression !== 0 ||
    filter !== 0 ||
    (interlace !== 0 && interlace !== 1)
  )
    throw broken("PNG", "its header names a kind that PNG does not have");
  if (width * height > bounds.maxPngPixels) throw tooManyPixels(width, height, bounds.maxPngPixels);
  const rawBytes = height * (1 + Math.ceil((width * colour.samples * depth) / 8));
  if (rawBytes > MAX_RAW_BYTES)
    throw costly(
      "PNG",
      `has ${Math.round(rawBytes / 1e6)} MB of samples, more than the ${MAX_RAW_BYTES / 1e6} MB allowed`,
    );
  // An interlaced picture is held whole, palette colours as three samples.
  const samples = colourType === 3 ? 3 : colour.samples;
  const workBytes = interlace === 1 ? width * height * samples * Math.max(1, depth / 8) : 0;
  if (workBytes > bounds.decodeMemory) throw tooMuchMemory("PNG", workBytes, bounds.decodeMemory);
  return {
    structure: { format: "png", width, height, workBytes, rawBytes, ended: true },
    // Seven passes, each with a filter byte a row and rows of its own.
    dataBytes: interlace === 1 ? rawBytes * 1.1 + 7 * height : rawBytes,
  };
}

/** What of a chunk's content is deflated, behind its names. */
function deflatedPart(type: string, content: Uint8Array): Uint8Array | undefined {
  const afterName = content.indexOf(0) + 1;
  if (afterName === 0) return undefined;
  if (type !== "iTXt") return content.subarray(afterName + 1);
  if (content[afterName] !== 1) return undefined;
  const language = content.indexOf(0, afterName + 2);
  const keyword = content.indexOf(0, language + 1);
  return language < 0 || keyword < 0 ? undefined : content.subarray(keyword + 1);
}

/** Inflates for the length alone, and never more than is allowed. */
function sizeInflated(deflated: Uint8Array, type: string, allowed: number): number {
  try {
    return inflateSync(deflated, { maxOutputLength: Math.max(1, allowed) }).length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw costly(
        "PNG",
        `has text or a profile (${type}) of over ${MAX_INFLATED_BYTES >> 20} MB once inflated`,
      );
    return 0; // broken text is the decoder's to pass over
  }
}
