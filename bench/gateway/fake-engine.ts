import { imageBounds, type Engine } from "@prosopon/engine";
import { DIMENSION, recogniser } from "../lib/embedding.ts";
import { pretendedAnalysis } from "../lib/pretended.ts";

/** Answers a face at once where the figure is about what carries the answer, not about recognition; waits for the gate. */
export function createFakeEngine(gate: Promise<void>): Engine {
  return {
    async analyse() {
      await gate;
      return pretendedAnalysis(new Float32Array(DIMENSION).fill(1 / Math.sqrt(DIMENSION)));
    },
    warm: async () => ({ cosine: 1, elapsedMs: 0 }),
    info: () => ({ models: [], recogniser, threads: 2, bounds: imageBounds() }),
    close: async () => {},
  };
}
