import { imageBounds, type Engine } from "@prosopon/engine";

/** Answers a face at once where the figure is about what carries the answer, not about recognition; waits for the gate. */
export function createFakeEngine(gate: Promise<void>): Engine {
  const point = { x: 1, y: 1 };
  return {
    async analyse() {
      await gate;
      return {
        width: 64,
        height: 64,
        faces: [
          {
            box: { x: 0, y: 0, width: 64, height: 64 },
            landmarks: { leftEye: point, rightEye: point, nose: point, leftMouth: point, rightMouth: point },
            confidence: 1,
            quality: {
              score: 1,
              size: 30,
              sharpness: 1,
              exposure: 1,
              pose: { yaw: 0, pitch: 0, roll: 0 },
              reasons: [],
            },
            principal: true,
            embedding: new Float32Array(128).fill(1 / Math.sqrt(128)),
          },
        ],
      };
    },
    warm: async () => ({ cosine: 1, elapsedMs: 0 }),
    info: () => ({ models: [], dimensions: 128, threads: 2, bounds: imageBounds() }),
    close: async () => {},
  };
}
