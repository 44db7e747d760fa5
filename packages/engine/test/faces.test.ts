import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, type Engine } from "../src/index.ts";
import { cosine, embeddingOf, groups, oneMan, portrait, principalOf, strangers } from "./photos.ts";

let engine: Engine;
beforeAll(() => {
  engine = createEngine({ threads: 1 });
});
afterAll(() => engine.close());

/** A grey canvas with one photo, scaled, on it. */
async function onCanvas(photo: string, width: number, canvas: number): Promise<Buffer> {
  const input = await sharp(photo).resize({ width }).toBuffer();
  const background = { width: canvas, height: canvas, channels: 3 as const, background: "#777" };
  return sharp({ create: background }).composite([{ input }]).jpeg({ quality: 95 }).toBuffer();
}

describe("analyse, faces", () => {
  it.each(groups)("finds the $people people of a group photo, each once", async ({ path, people }) => {
    const { faces } = await engine.analyse({ path }, { embed: "none" });
    expect(faces).toHaveLength(people);
    expect(faces.filter(({ principal }) => principal)).toHaveLength(1);
    expect(faces.every(({ embedding }) => embedding === undefined)).toBe(true);
  });

  it("sorts faces by size, largest first, and embeds all when asked", async () => {
    const { faces } = await engine.analyse({ path: groups[4]!.path }, { embed: "all" });
    const areas = faces.map(({ box }) => box.width * box.height);
    expect(areas).toEqual(areas.toSorted((a, b) => b - a));
    expect(faces.every(({ embedding }) => embedding?.values.length === 128)).toBe(true);
  });

  it("finds every face of a crowd of small ones", async () => {
    const tile = await sharp(portrait).resize(150, 200).toBuffer();
    const composite = Array.from({ length: 60 }, (_, index) => ({
      input: tile,
      left: (index % 10) * 150 + 10,
      top: Math.floor(index / 10) * 200 + 10,
    }));
    const background = { width: 1520, height: 1220, channels: 3 as const, background: "#999" };
    const crowd = await sharp({ create: background }).composite(composite).jpeg().toBuffer();
    const { faces } = await engine.analyse(crowd, { embed: "none" });
    expect(faces.length).toBeGreaterThanOrEqual(57);
    expect(faces.length).toBeLessThanOrEqual(60);
  });

  it("finds a tiny face and says that it is small", async () => {
    const { faces } = await engine.analyse(await onCanvas(portrait, 60, 640));
    expect(faces).toHaveLength(1);
    expect(faces[0]!.quality.reasons.join()).toMatch(/small: \d+ pixels between the eyes/);
    expect(faces[0]!.quality.score).toBeLessThan(0.5);
  });

  it("finds a face that fills the frame", async () => {
    const { box } = await principalOf(engine, portrait);
    const [left, top] = [Math.round(box.x), Math.round(box.y)];
    const close = { left, top, width: Math.round(box.width), height: Math.round(box.height) };
    const { faces } = await engine.analyse(
      await sharp(portrait).extract(close).jpeg({ quality: 95 }).toBuffer(),
    );
    expect(faces).toHaveLength(1);
  });

  it("finds none in a plain colour, in noise and in a gradient", async () => {
    const plain = sharp({ create: { width: 640, height: 480, channels: 3, background: "#c96" } });
    const noise = sharp(
      Uint8Array.from({ length: 640 * 480 * 3 }, (_, index) => (index * 2654435761) >>> 24),
      { raw: { width: 640, height: 480, channels: 3 } },
    );
    const gradient = sharp(
      Uint8Array.from({ length: 640 * 480 * 3 }, (_, index) => (index / (480 * 3)) % 256),
      { raw: { width: 640, height: 480, channels: 3 } },
    );
    for (const picture of [plain, noise, gradient]) {
      expect((await engine.analyse(await picture.png().toBuffer())).faces).toEqual([]);
    }
  });

  it("takes the larger of two faces as the principal one", async () => {
    const [first, second] = [strangers[0]!, strangers[1]!];
    const large = await sharp(first).resize({ width: 500 }).toBuffer();
    const small = await sharp(second).resize({ width: 250 }).toBuffer();
    const background = { width: 1000, height: 700, channels: 3 as const, background: "#888" };
    const image = await sharp({ create: background })
      .composite([
        { input: small, left: 20, top: 20 },
        { input: large, left: 450, top: 20 },
      ])
      .jpeg({ quality: 95 })
      .toBuffer();
    const both = await embeddingOf(engine, image);
    expect(cosine(both, await embeddingOf(engine, first))).toBeGreaterThan(0.9);
  });

  it("places eyes, nose and mouth where a face has them, left and right as the viewer sees them", async () => {
    const { landmarks, box } = await principalOf(engine, portrait);
    const { leftEye, rightEye, nose, leftMouth, rightMouth } = landmarks;
    expect(leftEye.x).toBeLessThan(nose.x);
    expect(nose.x).toBeLessThan(rightEye.x);
    expect(leftMouth.x).toBeLessThan(rightMouth.x);
    expect(Math.max(leftEye.y, rightEye.y)).toBeLessThan(nose.y);
    expect(nose.y).toBeLessThan(Math.min(leftMouth.y, rightMouth.y));
    for (const { x, y } of Object.values(landmarks)) {
      expect(x).toBeGreaterThan(box.x);
      expect(x).toBeLessThan(box.x + box.width);
      expect(y).toBeGreaterThan(box.y - box.height * 0.2);
      expect(y).toBeLessThan(box.y + box.height * 1.2);
    }
  });

  it("cuts a 160 x 160 JPEG without metadata, for the principal face alone and only when asked", async () => {
    const photo = await sharp(groups[0]!.path)
      .withExif({ IFD0: { Copyright: "somebody" } })
      .jpeg()
      .toBuffer();
    const { faces } = await engine.analyse(photo, { crop: true });
    expect(faces.filter(({ crop }) => crop !== undefined)).toHaveLength(1);
    const { format, width, height, exif, icc } = await sharp(
      faces.find(({ principal }) => principal)!.crop,
    ).metadata();
    expect({ format, width, height, exif, icc }).toEqual({
      format: "jpeg",
      width: 160,
      height: 160,
      exif: undefined,
      icc: undefined,
    });
    expect((await engine.analyse(photo)).faces.every(({ crop }) => crop === undefined)).toBe(true);
  });
});

describe("embeddings", () => {
  it("are alike for one man", async () => {
    const [first, ...others] = await Promise.all(oneMan.map((photo) => embeddingOf(engine, photo)));
    for (const other of others) expect(cosine(first!, other)).toBeGreaterThan(0.6);
  });

  it("are unlike for strangers", async () => {
    const all = await Promise.all([...strangers, oneMan[0]!].map((photo) => embeddingOf(engine, photo)));
    for (const [index, one] of all.entries()) {
      for (const other of all.slice(index + 1)) expect(cosine(one, other)).toBeLessThan(0.3);
    }
  });

  it("find the woman of one group photo in another", async () => {
    const [first, second] = await Promise.all(
      [groups[0]!, groups[2]!].map(
        async ({ path }) => (await engine.analyse({ path }, { embed: "all" })).faces,
      ),
    );
    const best = Math.max(
      ...first!.flatMap((a) => second!.map((b) => cosine(a.embedding!.values, b.embedding!.values))),
    );
    expect(best).toBeGreaterThan(0.5);
  });
});
