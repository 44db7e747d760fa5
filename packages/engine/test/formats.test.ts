import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, type Engine } from "../src/index.ts";
import { cosine, embeddingOf, portrait, principalOf } from "./photos.ts";

let engine: Engine;
let reference: Float32Array;
beforeAll(async () => {
  engine = createEngine({ threads: 1 });
  reference = await embeddingOf(engine, portrait);
});
afterAll(() => engine.close());

async function likeness(image: Uint8Array): Promise<number> {
  return cosine(reference, await embeddingOf(engine, image));
}

describe("analyse, whatever the picture is encoded as", () => {
  it("gives a 128-value embedding of length one", () => {
    expect(reference).toHaveLength(128);
    expect(Math.hypot(...reference)).toBeCloseTo(1, 5);
  });

  it("reads bytes as it reads a path", async () => {
    expect(await likeness(await readFile(portrait))).toBeGreaterThan(0.9999);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("turns EXIF orientation %i upright", async (orientation) => {
    // What a camera held that way stores: the picture turned the other way, and a note to turn it back.
    const stored = {
      1: sharp(portrait),
      2: sharp(portrait).flop(),
      3: sharp(portrait).rotate(180),
      4: sharp(portrait).flip(),
      5: sharp(await sharp(portrait).rotate(270).png().toBuffer()).flip(),
      6: sharp(portrait).rotate(270),
      7: sharp(await sharp(portrait).rotate(90).png().toBuffer()).flip(),
      8: sharp(portrait).rotate(90),
    }[orientation];
    const image = await stored!.withMetadata({ orientation }).jpeg({ quality: 98 }).toBuffer();
    const { width, height, faces } = await engine.analyse(image);
    expect([width, height]).toEqual([540, 720]);
    expect(cosine(reference, faces[0]!.embedding!.values)).toBeGreaterThan(0.99);
  });

  it("reads greyscale JPEG and PNG", async () => {
    const grey = sharp(portrait).greyscale();
    expect(await likeness(await grey.clone().jpeg({ quality: 95 }).toBuffer())).toBeGreaterThan(0.9);
    expect(await likeness(await grey.clone().png().toBuffer())).toBeGreaterThan(0.9);
  });

  it("reads a PNG with transparency, in colour and in grey", async () => {
    const transparent = sharp(portrait).ensureAlpha(0.9).png();
    expect(await likeness(await transparent.toBuffer())).toBeGreaterThan(0.95);
    const grey = await sharp(portrait).greyscale().toBuffer();
    expect(
      await likeness(await sharp(grey).ensureAlpha(1).toColourspace("b-w").png().toBuffer()),
    ).toBeGreaterThan(0.9);
  });

  it("reads a PNG of 16 bits a channel, in colour and in grey", async () => {
    const colour = await sharp(portrait).toColourspace("rgb16").png().toBuffer();
    expect((await sharp(colour).metadata()).depth).toBe("ushort");
    expect(await likeness(colour)).toBeGreaterThan(0.99);
    const grey = await sharp(portrait).toColourspace("grey16").png().toBuffer();
    expect((await sharp(grey).metadata()).depth).toBe("ushort");
    expect(await likeness(grey)).toBeGreaterThan(0.9);
  });

  it("reads a PNG with a palette", async () => {
    expect(await likeness(await sharp(portrait).png({ palette: true }).toBuffer())).toBeGreaterThan(0.9);
  });

  it("reads a CMYK JPEG", async () => {
    const cmyk = await sharp(portrait).toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe("cmyk");
    expect(await likeness(cmyk)).toBeGreaterThan(0.9);
  });

  it("reads a progressive JPEG", async () => {
    expect(
      await likeness(await sharp(portrait).jpeg({ progressive: true, quality: 95 }).toBuffer()),
    ).toBeGreaterThan(0.98);
  });

  it("answers in pixels of the image as sent when it worked on a smaller one", async () => {
    const small = await principalOf(engine, portrait);
    const image = await sharp(portrait).resize(3000, 4000).jpeg({ quality: 90 }).toBuffer();
    const { width, height, faces } = await engine.analyse(image);
    expect([width, height]).toEqual([3000, 4000]);
    const factor = 4000 / 720;
    expect(faces[0]!.quality.size / (small.quality.size * factor)).toBeCloseTo(1, 1);
    expect(faces[0]!.landmarks.nose.x / (small.landmarks.nose.x * factor)).toBeCloseTo(1, 1);
    expect(cosine(reference, faces[0]!.embedding!.values)).toBeGreaterThan(0.95);
  });
});
