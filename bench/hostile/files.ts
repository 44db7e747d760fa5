import { deflateSync } from "node:zlib";
import { readFile } from "node:fs/promises";
import path from "node:path";
import sharp from "sharp";
import {
  chunk,
  frame,
  jpeg,
  manyScans,
  png,
  scan,
  segment,
  text,
} from "../../packages/engine/test/structures.ts";
import { media } from "../lib/command.ts";

export interface HostileFile {
  name: string;
  bytes: Buffer;
}

/** Files that cost a decoder more than their size; all are valid in their structure. Half of them pass the checks at upload. */
export async function hostileFiles(): Promise<HostileFile[]> {
  const portrait = await readFile(path.join(media, "franck_01829.jpg"));
  const large = (width: number, height: number) => sharp(portrait).resize(width, height, { fit: "fill" });
  const plain = (width: number, height: number, channels: 3 | 4 = 3) =>
    sharp({ create: { width, height, channels, background: "#77889980" }, limitInputPixels: false });
  const files: [string, Buffer | Promise<Buffer>][] = [
    // Refused by their structure.
    ["PNG, 500 MB of text", png(300, 300, { before: Array.from({ length: 10 }, () => text("zTXt", 50e6)) })],
    ["PNG, 40 MB of international text", png(300, 300, { after: [text("iTXt", 40e6)] })],
    ["PNG, a profile of 60 MB", png(300, 300, { before: [text("iCCP", 60e6)] })],
    ["PNG, 50,000 chunks", png(30, 30, { before: Array.from({ length: 50_000 }, () => chunk("tEXt")) })],
    [
      "PNG, interlaced, 16 bits, 100 MP",
      png(10_000, 10_000, {
        depth: 16,
        colourType: 6,
        interlace: 1,
        data: [chunk("IDAT", deflateSync(Buffer.alloc(1e6)))],
      }),
    ],
    ["JPEG, 90 scans of 100 MP", manyScans(10_000, 10_000, 90)],
    ["JPEG, 800 scans of 100 MP", manyScans(10_000, 10_000, 800)],
    ["JPEG, 800 small scans", manyScans(400, 400, 800)],
    [
      "JPEG, metadata without end",
      jpeg(
        ...Array.from({ length: 600 }, () => segment(0xe1, Buffer.alloc(60_000))),
        frame(64, 64),
        scan(),
        Buffer.alloc(64),
      ),
    ],
    [
      "JPEG, progressive, 190 MP",
      jpeg(frame(15_000, 13_000, { kind: 0xc2, components: 3 }), scan(3), Buffer.alloc(64)),
    ],
    // Decoded, each about as much as may be.
    ["JPEG, 15 scans of 100 MP", manyScans(10_000, 10_000, 15)],
    ["JPEG, 95 scans of 20 MP", manyScans(5_000, 4_000, 95)],
    ["JPEG, progressive, 60 MP", large(9_000, 6_600).jpeg({ progressive: true }).toBuffer()],
    ["JPEG, 200 MP", large(16_320, 12_240).jpeg({ quality: 80 }).toBuffer()],
    ["PNG, 100 MP", plain(10_000, 10_000).png({ compressionLevel: 9 }).toBuffer()],
    ["PNG, 16 bits, transparent, 50 MP", plain(7_000, 7_000, 4).toColourspace("rgb16").png().toBuffer()],
    ["PNG, interlaced, 70 MP", plain(8_300, 8_300).png({ progressive: true }).toBuffer()],
    [
      "PNG, rows missing",
      png(8_000, 8_000, { data: [chunk("IDAT", deflateSync(Buffer.alloc(4_000 * 24_001)))] }),
    ],
    ["JPEG, 1080 x 20000", large(1_080, 20_000).jpeg().toBuffer()],
    ["JPEG, 65000 x 200", large(65_000, 200).jpeg().toBuffer()],
    ["JPEG, rubbish in its scan", jpeg(frame(12_000, 12_000), scan(), Buffer.alloc(2e6, 0x5a))],
  ];
  return Promise.all(files.map(async ([name, bytes]) => ({ name, bytes: await bytes })));
}
