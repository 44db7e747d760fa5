import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { createInspector, imageBounds, isImageError, type Structure } from "../src/index.ts";
import { portrait } from "./photos.ts";
import { chunk, EOI, frame, jpeg, manyScans, png, scan, segment, SOI, text } from "./structures.ts";

/** Fed in pieces of so many bytes, as a network brings them. */
function inspect(bytes: Uint8Array, pieces = 65_536): Structure {
  const inspector = createInspector(imageBounds());
  for (let at = 0; at < bytes.length; at += pieces) inspector.push(bytes.subarray(at, at + pieces));
  return inspector.end();
}

/** The code it is refused with, whatever the pieces; and the reason. */
function refusal(bytes: Uint8Array): [string, string] {
  const seen = [7, 65_536].map((pieces) => {
    try {
      inspect(bytes, pieces);
      return ["taken", ""] as [string, string];
    } catch (error) {
      if (!isImageError(error)) throw error;
      return [error.code, error.message] as [string, string];
    }
  });
  expect(seen[0]).toEqual(seen[1]);
  return seen[0]!;
}

describe("an inspector", () => {
  it("tells format and size of JPEG and PNG, as stored, however small the pieces", async () => {
    const turned = await sharp(portrait)
      .withMetadata({ orientation: 6 })
      .jpeg({ progressive: true })
      .toBuffer();
    for (const pieces of [1, 3, 1_000, 1_000_000]) {
      expect(inspect(await readFile(portrait), pieces)).toMatchObject({
        format: "jpeg",
        width: 540,
        height: 720,
        ended: true,
      });
      expect(inspect(turned, pieces)).toMatchObject({ width: 540, height: 720 });
      expect(inspect(png(123, 45), pieces)).toMatchObject({ format: "png", width: 123, height: 45 });
    }
  });

  it("takes a JPEG that lacks only its end marker, and says so", async () => {
    expect(inspect((await readFile(portrait)).subarray(0, -2))).toMatchObject({ ended: false });
  });

  it("passes over stray bytes between segments, and over what follows the picture", async () => {
    const whole = await readFile(portrait);
    const second = 4 + whole.readUInt16BE(4);
    for (const at of [2, second]) {
      const stray = Buffer.concat([whole.subarray(0, at), Buffer.alloc(40, 7), whole.subarray(at)]);
      expect(inspect(stray)).toMatchObject({ width: 540, ended: true });
    }
    // As phones append a video or a second picture.
    expect(inspect(Buffer.concat([whole, whole, Buffer.alloc(100_000, 0xff)]))).toMatchObject({ width: 540 });
  });

  it("counts what decoding holds: nothing for rows, all coefficients of scans, all of an interlaced PNG", async () => {
    const [base, progressive] = await Promise.all(
      [false, true].map((progressive) =>
        sharp(portrait).jpeg({ progressive, chromaSubsampling: "4:4:4" }).toBuffer(),
      ),
    );
    expect(inspect(base!).workBytes).toBe(0);
    expect(inspect(progressive!).workBytes).toBe(2 * 3 * 544 * 720);
    expect(inspect(png(100, 50, { colourType: 6, depth: 16, interlace: 1 })).workBytes).toBe(100 * 50 * 8);
    expect(inspect(png(100, 50, { colourType: 6, depth: 16 })).workBytes).toBe(0);
  });
});

describe("an inspector refuses", () => {
  const picture = [frame(64, 64), scan(), Buffer.alloc(64)];
  const large = frame(20_000, 12_000, { kind: 0xc2, components: 3 });
  it.each<[string, Uint8Array, string, RegExp]>([
    [
      "a PNG with texts that inflate",
      png(30, 30, { before: Array(10).fill(text("zTXt", 50e6)) as Buffer[] }),
      "too-costly",
      /inflated/,
    ],
    [
      "one text that inflates, of the international kind",
      png(30, 30, { before: [text("iTXt", 9e6)] }),
      "too-costly",
      /inflated/,
    ],
    ["a profile that inflates", png(30, 30, { before: [text("iCCP", 20e6)] }), "too-costly", /inflated/],
    [
      "many small texts that inflate together",
      png(30, 30, { after: Array(20).fill(text("zTXt", 5e5)) as Buffer[] }),
      "too-costly",
      /inflated/,
    ],
    [
      "a deflated text of some MB",
      png(30, 30, { before: [chunk("zTXt", Buffer.alloc(2e6))] }),
      "too-costly",
      /zTXt/,
    ],
    [
      "more chunks than a picture has",
      png(30, 30, { before: Array(2_000).fill(chunk("tEXt")) as Buffer[] }),
      "too-costly",
      /chunks/,
    ],
    [
      "frames of an animation without end",
      png(30, 30, { after: Array(20).fill(chunk("fdAT", Buffer.alloc(1e6))) as Buffer[] }),
      "too-costly",
      /beside its picture/,
    ],
    [
      "more data than the picture needs",
      png(30, 30, { data: [chunk("IDAT", Buffer.alloc(2e6))] }),
      "too-costly",
      /more compressed data/,
    ],
    [
      "an interlaced PNG that must be held whole",
      png(10_000, 10_000, { colourType: 6, interlace: 1, data: [chunk("IDAT", Buffer.alloc(9))] }),
      "too-costly",
      /MB to decode/,
    ],
    [
      "a PNG of 16 bits that is too much to go through",
      png(9_000, 9_000, { colourType: 6, depth: 16, data: [chunk("IDAT", Buffer.alloc(9))] }),
      "too-costly",
      /samples/,
    ],
    [
      "a PNG of too many pixels",
      png(20_000, 10_000, { data: [chunk("IDAT", Buffer.alloc(9))] }),
      "too-many-pixels",
      /100000000/,
    ],
    ["a PNG of a kind that there is not", png(9, 9, { depth: 3 }), "undecodable", /kind/],
    ["a PNG without a picture", png(9, 9, { data: [] }), "undecodable", /no picture/],
    ["a PNG without pixels", png(0, 9), "undecodable", /0 x 9/],
    ["a PNG whose chunk is longer than the file", png(9, 9).subarray(0, -20), "undecodable", /cut off/],
    [
      "a PNG whose chunk has an impossible length",
      Buffer.concat([png(9, 9).subarray(0, 33), Buffer.alloc(8, 0xff)]),
      "undecodable",
      /chunk/,
    ],
    ["a large JPEG of 90 scans", manyScans(8_000, 8_000, 90), "too-costly", /scans/],
    ["a small JPEG of 800 scans", manyScans(400, 400, 800), "too-costly", /scans/],
    [
      "a progressive JPEG whose coefficients don't fit",
      jpeg(large, scan(3), Buffer.alloc(9)),
      "too-costly",
      /MB to decode/,
    ],
    [
      "a baseline JPEG in several scans that don't fit",
      jpeg(frame(15_000, 15_000, { components: 3 }), scan(1), Buffer.alloc(9)),
      "too-costly",
      /MB to decode/,
    ],
    [
      "a JPEG of too many pixels",
      jpeg(frame(40_000, 40_000), scan(), Buffer.alloc(9)),
      "too-many-pixels",
      /250000000/,
    ],
    [
      "a JPEG of more data than its picture needs",
      jpeg(frame(64, 64), scan(), Buffer.alloc(2e6)),
      "too-costly",
      /more data/,
    ],
    [
      "metadata by the megabyte",
      jpeg(...(Array(400).fill(segment(0xe1, Buffer.alloc(60_000))) as Buffer[]), ...picture),
      "too-costly",
      /metadata/,
    ],
    [
      "segments without end",
      jpeg(...(Array(5_000).fill(segment(0xfe)) as Buffer[]), ...picture),
      "too-costly",
      /segments/,
    ],
    [
      "tables without end",
      jpeg(frame(64, 64), ...(Array(5_000).fill(segment(0xdb)) as Buffer[]), scan()),
      "too-costly",
      /segments/,
    ],
    [
      "a JPEG of 12 bits",
      jpeg(frame(64, 64, { kind: 0xc1, precision: 12 }), scan(), Buffer.alloc(9)),
      "unsupported",
      /12 bits/,
    ],
    [
      "a lossless JPEG",
      jpeg(frame(64, 64, { kind: 0xc3 }), scan(), Buffer.alloc(9)),
      "unsupported",
      /lossless/,
    ],
    [
      "a hierarchical JPEG",
      jpeg(frame(64, 64, { kind: 0xc5 }), scan(), Buffer.alloc(9)),
      "unsupported",
      /hierarchical/,
    ],
    [
      "a JPEG of two components",
      jpeg(frame(64, 64, { components: 2 }), scan(), Buffer.alloc(9)),
      "unsupported",
      /2 components/,
    ],
    [
      "a JPEG that leaves its height open",
      jpeg(frame(64, 0), scan(), Buffer.alloc(9)),
      "undecodable",
      /64 x 0/,
    ],
    [
      "a JPEG of two frames",
      jpeg(frame(64, 64), frame(64, 64), scan(), Buffer.alloc(9)),
      "undecodable",
      /two frame headers/,
    ],
    ["a JPEG in a JPEG", jpeg(frame(64, 64), SOI, scan(), Buffer.alloc(9)), "undecodable", /second picture/],
    ["a JPEG without a frame", jpeg(scan(), Buffer.alloc(9)), "undecodable", /frame header/],
    ["a JPEG without a picture", jpeg(frame(64, 64)), "undecodable", /no picture/],
    [
      "an impossible sampling factor",
      jpeg(frame(64, 64, { factors: [0xf1] }), scan(), Buffer.alloc(9)),
      "undecodable",
      /sampling/,
    ],
    [
      "rubbish before the frame without end",
      Buffer.concat([SOI, Buffer.from([0xff, 0xe0, 0, 2]), Buffer.alloc(100_000, 1), EOI]),
      "undecodable",
      /marker is missing/,
    ],
    ["a beginning of a JPEG", Buffer.from([0xff, 0xd8]), "undecodable", /cut off/],
    ["a beginning of a PNG", Buffer.from("\x89PNG", "latin1"), "undecodable", /cut off/],
    ["nothing", new Uint8Array(), "empty", /no bytes/],
  ])("%s", (_, bytes, code, reason) => {
    expect(refusal(bytes)).toEqual([code, expect.stringMatching(reason)]);
  });
});

describe("an inspector, given random damage", () => {
  it("refuses it or takes it, and never throws anything else", async () => {
    const [photo, drawing] = [
      (await readFile(portrait)).subarray(0, 900),
      png(20, 20, { before: [text("iTXt", 99)] }),
    ];
    for (const whole of [photo, drawing]) {
      for (let at = 3; at < whole.length; at++) {
        for (const by of [1, 97, 255]) {
          const damaged = Uint8Array.from(whole);
          damaged[at] = (damaged[at]! + by) % 256;
          refusal(damaged);
        }
      }
    }
  });
});
