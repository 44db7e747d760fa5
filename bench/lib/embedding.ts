import type { Embedding, RecogniserInfo } from "@prosopon/engine";

/** Values of an embedding. */
export const DIMENSION = 128;

/** What made the embeddings that benches write, or pretend to see, past the models. */
export const recogniser: RecogniserInfo = {
  id: "bench.1",
  dimension: DIMENSION,
  calibration: {
    recognized: 0.4,
    listed: 0.3,
    falseMatchRates: [
      [0.4, 1e-3],
      [0.3, 1e-2],
    ],
  },
};

export const embeddingOf = (values: Float32Array): Embedding => ({ recogniser: recogniser.id, values });

/** Of unit length, and another each time. */
export function randomValues(): Float32Array {
  const values = Float32Array.from({ length: DIMENSION }, () => Math.random() - 0.5);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}
