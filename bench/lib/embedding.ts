import type { Embedding } from "@prosopon/engine";

/** Values of an embedding. */
export const DIMENSION = 128;

/** What made the embeddings that benches write, or pretend to see, past the models. */
export const recogniser = { id: "bench.1", dimension: DIMENSION };

export const embeddingOf = (values: Float32Array): Embedding => ({ recogniser: recogniser.id, values });

/** Of unit length, and another each time. */
export function randomValues(): Float32Array {
  const values = Float32Array.from({ length: DIMENSION }, () => Math.random() - 0.5);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}
