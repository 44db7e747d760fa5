import type { Run } from "./sessions/node.ts";

/**
 * Embeds an aligned face together with its mirror image and takes the mean: what differs between the two is light and
 * alignment, not the person. Worth 0.2 to 0.3 points of true matches at a false-match rate of 5e-4, for 17 ms.
 * @returns 128 values, L2-normalised.
 */
export async function embed(aligned: Float32Array, size: number, run: Run): Promise<Float32Array> {
  const both = new Float32Array(aligned.length * 2);
  both.set(aligned);
  for (let row = 0; row < aligned.length; row += size) {
    both.set(aligned.subarray(row, row + size).toReversed(), aligned.length + row);
  }
  const { fc1 = new Float32Array() } = await run(both);
  const dimensions = fc1.length / 2;
  const [straight, mirrored] = [fc1.subarray(0, dimensions), fc1.subarray(dimensions)];
  const [straightNorm, mirroredNorm] = [Math.hypot(...straight), Math.hypot(...mirrored)];
  const sum = straight.map((value, index) => value / straightNorm + (mirrored[index] ?? 0) / mirroredNorm);
  const norm = Math.hypot(...sum);
  return sum.map((value) => value / norm);
}
