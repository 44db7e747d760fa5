import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, type Engine, type Quality } from "../src/index.ts";
import { portrait, principalOf } from "./photos.ts";

let engine: Engine;
let good: Quality;
beforeAll(async () => {
  engine = createEngine({ threads: 1 });
  good = (await principalOf(engine, portrait)).quality;
});
afterAll(() => engine.close());

const qualityOf = async (image: Sharp): Promise<Quality> =>
  (await principalOf(engine, await image.jpeg({ quality: 95 }).toBuffer())).quality;

describe("quality", () => {
  it("has nothing against a good portrait", () => {
    expect(good.score).toBeGreaterThan(0.8);
    expect(good.reasons).toEqual([]);
    expect(Math.abs(good.pose.roll)).toBeLessThan(15);
  });

  it("says that a blurred face is blurred", async () => {
    const quality = await qualityOf(sharp(portrait).blur(9));
    expect(quality.reasons).toContain("the face is blurred");
    expect(quality.sharpness).toBeLessThan(good.sharpness / 2);
    expect(quality.score).toBeLessThan(good.score / 2);
  });

  it("says that a dark face is dark, and that a washed-out one is bright", async () => {
    expect((await qualityOf(sharp(portrait).linear(0.12, 0))).reasons).toContain("the face is too dark");
    expect((await qualityOf(sharp(portrait).linear(0.25, 215))).reasons).toContain("the face is too bright");
  });

  it.each<[string, string, (image: Sharp) => Promise<Buffer>]>([
    [
      "a mosaic",
      "made of blocks",
      async (image) => {
        const small = await image.resize({ width: 44 }).png().toBuffer();
        return sharp(small).resize({ width: 700, kernel: "nearest" }).jpeg({ quality: 92 }).toBuffer();
      },
    ],
    ["a JPEG of quality 2", "made of blocks", (image) => image.jpeg({ quality: 2 }).toBuffer()],
    ["burnt-out light", "burnt out", (image) => image.linear(2.4, 40).jpeg().toBuffer()],
    [
      "a picture squeezed to half its width",
      "squeezed",
      (image) => image.resize(180, 466, { fit: "fill" }).jpeg().toBuffer(),
    ],
    [
      "a picture squeezed to half its height",
      "squeezed",
      (image) => image.resize(360, 233, { fit: "fill" }).jpeg().toBuffer(),
    ],
  ])("says what is wrong with %s", async (_, reason, spoil) => {
    const { faces } = await engine.analyse(await spoil(sharp(portrait)));
    // Either nobody sees a face in it, or whoever does is told.
    for (const { quality } of faces) {
      expect(quality.reasons.join()).toContain(reason);
      expect(quality.score).toBeLessThan(0.5);
    }
  });

  it("says that eyes are covered", async () => {
    const { landmarks } = await principalOf(engine, portrait);
    const { width, height } = await sharp(portrait).metadata();
    const apart = landmarks.rightEye.x - landmarks.leftEye.x;
    const lenses = [landmarks.leftEye, landmarks.rightEye].map(
      ({ x, y }) => `<ellipse cx="${x}" cy="${y}" rx="${apart * 0.4}" ry="${apart * 0.28}" fill="#111"/>`,
    );
    const glasses = Buffer.from(`<svg width="${width}" height="${height}">${lenses.join("")}</svg>`);
    const { reasons, score } = await qualityOf(sharp(portrait).composite([{ input: glasses }]));
    expect(reasons).toContain("the eyes are covered");
    expect(score).toBeLessThan(0.5);
  });

  it("says that a face is cut off", async () => {
    const { box } = await principalOf(engine, portrait);
    const { height } = await sharp(portrait).metadata();
    const left = Math.round(box.x + box.width * 0.6);
    const { faces } = await engine.analyse(
      await sharp(portrait).extract({ left, top: 0, width: 140, height }).jpeg().toBuffer(),
    );
    for (const { quality } of faces) {
      expect(quality.reasons.length).toBeGreaterThan(0);
      expect(quality.score).toBeLessThan(0.5);
    }
  });

  it("measures the distance between the eyes in pixels of the image as sent", async () => {
    const half = await qualityOf(sharp(portrait).resize({ width: 270 }));
    expect(half.size / good.size).toBeCloseTo(0.5, 1);
  });

  it("measures roll in degrees, clockwise", async () => {
    const turned = await qualityOf(sharp(portrait).rotate(20, { background: "#888" }));
    expect(turned.pose.roll - good.pose.roll).toBeGreaterThan(14);
    expect(turned.pose.roll - good.pose.roll).toBeLessThan(26);
  });

  it("sees a head turned one way turned the other in a mirror", async () => {
    const mirrored = await qualityOf(sharp(portrait).flop());
    expect(Math.abs(mirrored.pose.yaw + good.pose.yaw)).toBeLessThan(6);
  });
});
