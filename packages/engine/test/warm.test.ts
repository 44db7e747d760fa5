import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, imageBounds, type Engine } from "../src/index.ts";
import { embedder, mesh } from "../src/pipeline/models.ts";
import { openSession } from "../src/sessions/node.ts";
import { recogniseKnownFace } from "../src/warm.ts";

let engine: Engine;
let folder: string;
beforeAll(async () => {
  engine = createEngine({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), "prosopon-weights-"));
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

describe("warm", () => {
  it("recognises the known face, twice", async () => {
    for (const { cosine, elapsedMs } of [await engine.warm(), await engine.warm()]) {
      expect(cosine).toBeGreaterThan(0.999);
      expect(elapsedMs).toBeGreaterThan(0);
    }
  });

  it("rejects when recognition gives another embedding than the recorded one", async () => {
    const broken: Engine["analyse"] = async (...call) => {
      const analysis = await engine.analyse(...call);
      for (const { embedding } of analysis.faces) embedding?.values.reverse();
      return analysis;
    };
    await expect(recogniseKnownFace(broken)).rejects.toThrow(/below 0.999/);
  });

  it("rejects when no face is found in the known image", async () => {
    const blind: Engine["analyse"] = async () => ({ width: 1, height: 1, faces: [] });
    await expect(recogniseKnownFace(blind)).rejects.toThrow(/no face/);
  });
});

describe("openSession", () => {
  it("refuses weights with one changed byte and names the fix", async () => {
    const weights = await readFile(mesh.model.file);
    weights[weights.length >> 1]! ^= 1;
    const file = join(folder, "facemesh.onnx");
    await writeFile(file, weights);
    await expect(
      openSession({ ...mesh, model: { ...mesh.model, file: pathToFileURL(file) } }),
    ).rejects.toThrow(/not the ones recorded .* `pnpm build`/);
  });

  it("names the fix when weights are missing", async () => {
    const file = pathToFileURL(join(folder, "missing.onnx"));
    await expect(openSession({ ...embedder, model: { ...embedder.model, file } })).rejects.toThrow(
      /missing: run `pnpm build`/,
    );
  });
});

describe("info", () => {
  it("names each model with its licence and hash, and the bounds in force", () => {
    const { models, recogniser, threads, bounds } = engine.info();
    expect(models.map(({ role, licence }) => `${role} ${licence}`)).toEqual([
      "detection Apache-2.0",
      "landmarks Apache-2.0",
      "embedding Apache-2.0",
    ]);
    for (const { sha256 } of models) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect({ recogniser, threads, bounds }).toEqual({
      recogniser: {
        id: "sface-2021dec.mesh468.1",
        dimension: 128,
        calibration: expect.objectContaining({ recognized: 0.381, listed: 0.322 }),
      },
      threads: 1,
      bounds: imageBounds(),
    });
  });

  it("refuses options that make no sense", () => {
    expect(() => createEngine({ threads: 0 })).toThrow(/threads/);
    expect(() => createEngine({ maxPixels: 0 })).toThrow(/maxPixels/);
  });
});
