import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { embedding, recogniser } from "../src/index.ts";

describe("the recogniser's manifest", () => {
  it("lies beside the weights, under its id", async () => {
    const beside = new URL(`${recogniser.id}.json`, embedding.file);
    expect(JSON.parse(await readFile(beside, "utf8"))).toEqual(recogniser);
  });

  it("names a point of the input for each point of the mesh", () => {
    const { width, height } = recogniser.input;
    expect(recogniser.template.points).toHaveLength(468);
    for (const point of recogniser.template.points) {
      expect(point).toHaveLength(2);
      // The contour of a face may leave the picture that the network sees.
      expect(point[0]).toBeGreaterThan(-width / 4);
      expect(point[0]).toBeLessThan(1.25 * width);
      expect(point[1]).toBeGreaterThan(-height / 4);
      expect(point[1]).toBeLessThan(1.25 * height);
    }
  });

  it("has rates that rise while the cosine falls, both thresholds among them", () => {
    const { falseMatchRates, recognized, listed, source } = recogniser.calibration;
    expect(source).toContain("pnpm bench");
    for (const [index, [cosine, rate]] of falseMatchRates.slice(1).entries()) {
      expect(cosine).toBeLessThan(falseMatchRates[index]![0]);
      expect(rate).toBeGreaterThan(falseMatchRates[index]![1]);
    }
    const cosines = falseMatchRates.map(([cosine]) => cosine);
    expect(cosines).toContain(recognized);
    expect(cosines).toContain(listed);
  });
});
