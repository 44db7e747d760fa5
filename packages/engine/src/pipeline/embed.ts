import { recogniser } from "@prosopon/models";
import type { Run } from "../sessions/node.ts";
import type { Embedding } from "../types.ts";
import { ramp } from "./quality/ramp.ts";

export interface Embedded {
  embedding: Embedding;
  /** How much of its own the recogniser sees in the face, 0..1: by the length of its answer, which is short for what it never saw. */
  distinctness: number;
}

export async function embed(aligned: Float32Array, run: Run): Promise<Embedded> {
  const { fc1 = new Float32Array() } = await run(aligned);
  const length = Math.hypot(...fc1);
  return {
    embedding: { recogniser: recogniser.id, values: fc1.map((value) => value / length) },
    distinctness: ramp(length, recogniser.lengths.bounds),
  };
}
