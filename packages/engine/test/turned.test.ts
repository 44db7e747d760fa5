import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, type Engine } from "../src/index.ts";
import { cosine, embeddingOf, groups, oneMan, principalOf, strangers } from "./photos.ts";

/** Far above the threshold of a match, cosine 0.381: what a photo that was turned or cropped keeps of itself. */
const SAME = 0.5;

let engine: Engine;
beforeAll(() => {
  engine = createEngine({ threads: 1 });
});
afterAll(() => engine.close());

const jpeg = (image: Sharp): Promise<Buffer> => image.jpeg({ quality: 92 }).toBuffer();
const people = [...strangers, oneMan[0]!];

describe("a photo that is turned", () => {
  it.each([35, 90, 125, 180, 205, 270, 320])(
    "by %i degrees shows the same face, once, read upright",
    async (degrees) => {
      for (const person of people) {
        const plain = await embeddingOf(engine, person);
        const turned = await jpeg(sharp(person).rotate(degrees, { background: "#777" }));
        const { faces } = await engine.analyse(turned);
        expect(faces).toHaveLength(1);
        expect(cosine(plain, faces[0]!.embedding!.values)).toBeGreaterThan(SAME);
        const away = (((faces[0]!.quality.pose.roll - degrees) % 360) + 540) % 360;
        expect(Math.abs(away - 180)).toBeLessThan(25);
      }
    },
  );

  it("upside down shows a whole group, each once", async () => {
    const { path, people: count } = groups[4]!;
    const { faces } = await engine.analyse(await jpeg(sharp(path).rotate(180)), { embed: "none" });
    expect(faces).toHaveLength(count);
    for (const { quality } of faces) expect(Math.abs(quality.pose.roll)).toBeGreaterThan(150);
  });
});

describe("a photo that is cropped to the face", () => {
  it.each([1, 0.85, 0.75])("at %f of its box shows the same face", async (part) => {
    for (const person of people) {
      const { box, embedding } = await principalOf(engine, person);
      const [width, height] = [box.width * part, box.height * part].map(Math.round) as [number, number];
      const left = Math.round(box.x + (box.width - width) / 2);
      const top = Math.round(box.y + (box.height - height) / 2);
      const { faces } = await engine.analyse(await jpeg(sharp(person).extract({ left, top, width, height })));
      expect(faces).toHaveLength(1);
      expect(cosine(embedding!.values, faces[0]!.embedding!.values)).toBeGreaterThan(SAME);
    }
  });
});
