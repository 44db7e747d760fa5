import type { Run } from "../sessions/node.ts";

/** @returns 128 values, L2-normalised. */
export async function embed(aligned: Float32Array, run: Run): Promise<Float32Array> {
  const { fc1 = new Float32Array() } = await run(aligned);
  const norm = Math.hypot(...fc1);
  return fc1.map((value) => value / norm);
}
