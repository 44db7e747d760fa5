import { fileURLToPath } from "node:url";
import { knownFace } from "@prosopon/models";
import { KNOWN_EMBEDDING } from "./known-embedding.ts";
import type { Engine, WarmReport } from "./types.ts";

/** Another processor or decoder moves the embedding by less than 1e-4; another model or alignment by far more. */
const MIN_COSINE = 0.999;

/** @throws Error when the known face is not found or gets another embedding than the recorded one. */
export async function recogniseKnownFace(analyse: Engine["analyse"]): Promise<WarmReport> {
  const start = performance.now();
  const { faces } = await analyse({ path: fileURLToPath(knownFace.file) });
  const embedding = faces.find(({ principal }) => principal)?.embedding;
  if (embedding === undefined) throw new Error("The self-test found no face in its known image.");
  const cosine = embedding.values.reduce(
    (sum, value, index) => sum + value * (KNOWN_EMBEDDING[index] ?? 0),
    0,
  );
  if (!(cosine >= MIN_COSINE)) {
    throw new Error(
      `The self-test recognised its known face at cosine ${cosine.toFixed(4)}, below ${MIN_COSINE}: the models or the image libraries are not the ones of this build.`,
    );
  }
  return { cosine, elapsedMs: performance.now() - start };
}
