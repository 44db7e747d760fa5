import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, isImageError, type Engine, type ImageErrorCode } from "../src/index.ts";
import { embeddingOf, portrait } from "./photos.ts";

let engine: Engine;
let folder: string;
beforeAll(async () => {
  engine = createEngine({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), "prosopon-engine-"));
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function png(width: number, height: number, pixels = deflateSync(new Uint8Array(1000))): Uint8Array {
  const chunk = (type: string, data: Uint8Array): Uint8Array => {
    const result = Buffer.alloc(12 + data.length);
    result.writeUInt32BE(data.length);
    result.set(bytes(type), 4);
    result.set(data, 8);
    result.writeUInt32BE(crc32(result.subarray(4, 8 + data.length)), 8 + data.length);
    return result;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    bytes("\x89PNG\r\n\x1a\n"),
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** Refused with the code, as bytes and as a file; and the engine still works. */
async function expectRefused(image: Uint8Array, code: ImageErrorCode, message: RegExp): Promise<void> {
  const path = join(folder, "image");
  await writeFile(path, image);
  for (const source of [image, { path }]) {
    const error: unknown = await engine.analyse(source).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toSatisfy(isImageError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as unknown });
  }
  expect(await embeddingOf(engine, portrait)).toHaveLength(128);
}

describe("analyse, given what is no usable image", () => {
  it("refuses zero bytes", () => expectRefused(new Uint8Array(), "empty", /no bytes/));

  it.each([
    ["GIF", () => sharp(portrait).gif().toBuffer(), /GIF/],
    ["WebP", () => sharp(portrait).webp().toBuffer(), /WebP/],
    ["TIFF", () => sharp(portrait).tiff().toBuffer(), /TIFF/],
    ["AVIF", () => sharp(portrait).resize(64).avif({ effort: 0 }).toBuffer(), /AVIF/],
    [
      "SVG",
      () => bytes('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      /SVG/,
    ],
    ["text", () => bytes("This is a letter, not a photo.\n".repeat(100)), /text/],
    ["PDF", () => bytes("%PDF-1.7\n%\xe2\xe3\xcf\xd3"), /PDF/],
    ["noise", () => Uint8Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251), /neither/],
  ] as const)("refuses %s and says what it looks like", async (_, make, message) => {
    await expectRefused(await make(), "unsupported", message);
  });

  it.each([0.001, 0.3, 0.9])("refuses a JPEG cut off after %f of its bytes", async (part) => {
    const whole = await readFile(portrait);
    await expectRefused(whole.subarray(0, Math.ceil(whole.length * part)), "undecodable", /cut off/);
  });

  it("refuses a PNG cut off in its middle", async () => {
    const whole = await sharp(portrait).png().toBuffer();
    await expectRefused(whole.subarray(0, whole.length / 2), "undecodable", /cut off/);
  });

  it("refuses a PNG whose header lies about 100000 x 100000 pixels, without decoding it", async () => {
    const before = process.memoryUsage().rss;
    await expectRefused(png(100_000, 100_000), "too-many-pixels", /100000 x 100000/);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  });

  it("refuses a real PNG of 200 megapixels", async () => {
    const black = { width: 20_000, height: 10_000, channels: 3 as const, background: "black" };
    const image = await sharp({ create: black, limitInputPixels: false })
      .png({ compressionLevel: 1 })
      .toBuffer();
    await expectRefused(image, "too-many-pixels", /more than the 100000000 allowed/);
  });

  it("refuses a PNG whose pixels are fewer than its header says", async () => {
    await expectRefused(png(3000, 3000), "undecodable", /PNG/);
  });

  it("keeps to the bound on pixels that it was given", async () => {
    const strict = createEngine({ threads: 1, maxPixels: 100_000 });
    await expect(strict.analyse({ path: portrait })).rejects.toMatchObject({ code: "too-many-pixels" });
    await strict.close();
  });

  it("rejects clearly when the file does not exist, with what the file system said", async () => {
    const missing = engine.analyse({ path: join(folder, "missing.jpg") });
    await expect(missing).rejects.toThrow(/ENOENT/);
    await expect(missing).rejects.toMatchObject({ code: "ENOENT", syscall: "open" });
  });
});
