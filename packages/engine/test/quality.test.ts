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
