/** A thread of an engine on a machine of its own: `PRETEND_MS` is what a photo takes, in four stages. */
import { parentPort } from "node:worker_threads";
import { serve } from "../../packages/engine/src/threads/serve.ts";

const STAGES = 4;
const ms = Number(process.env.PRETEND_MS);
const asleep = new Int32Array(new SharedArrayBuffer(4));

const [point, pose] = [
  { x: 0, y: 0 },
  { yaw: 0, pitch: 0, roll: 0 },
];
const face = {
  box: { x: 0, y: 0, width: 1, height: 1 },
  landmarks: { leftEye: point, rightEye: point, nose: point, leftMouth: point, rightMouth: point },
  confidence: 1,
  quality: { score: 1, size: 1, sharpness: 1, exposure: 1, pose, reasons: [] },
  principal: true,
};

/** Another face each time: many equal ones would all be candidates of a search. */
function embedding(): Float32Array {
  const values = Float32Array.from({ length: 128 }, () => Math.random() - 0.5);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

serve(parentPort!, async (_, turn) => {
  for (let stage = 0; stage < STAGES; stage++) {
    await turn.wait();
    // Has the thread, as a run of a model does, and not the processor.
    Atomics.wait(asleep, 0, 0, ms / STAGES);
  }
  return { width: 1, height: 1, faces: [{ ...face, embedding: embedding() }] };
});
