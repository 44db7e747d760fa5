import { DIMENSION } from "../lib/embedding.ts";
import type { Gallery } from "./gallery.ts";

/** Probes a pass: as many sums as fit in a processor's registers. */
const WIDTH = 8;

/** Who is nearest to each probe: every face of the gallery in double precision, the older one on a tie. */
export function bruteForce({ vectors, people }: Gallery, probes: readonly Float32Array[]): number[] {
  const nearest: number[] = [];
  for (let from = 0; from < probes.length; from += WIDTH) {
    const part = probes.slice(from, from + WIDTH);
    const values = new Float64Array(DIMENSION * WIDTH);
    for (const [probe, vector] of part.entries())
      for (let i = 0; i < DIMENSION; i++) values[i * WIDTH + probe] = vector[i]!;
    nearest.push(...nearestFaces(vectors, values).subarray(0, part.length));
  }
  return nearest.map((face) => people[face]!);
}

function nearestFaces(vectors: Float32Array, probes: Float64Array): Int32Array {
  const best = new Float64Array(WIDTH).fill(-Infinity);
  const faces = new Int32Array(WIDTH);
  const products = new Float64Array(WIDTH);
  for (let start = 0; start < vectors.length; start += DIMENSION) {
    // Written out, since a loop over eight would keep the sums in memory: ten times as slow.
    let [a, b, c, d] = [0, 0, 0, 0];
    let [e, f, g, h] = [0, 0, 0, 0];
    for (let i = 0; i < DIMENSION; i++) {
      const value = vectors[start + i]!;
      const at = i * WIDTH;
      a += value * probes[at]!;
      b += value * probes[at + 1]!;
      c += value * probes[at + 2]!;
      d += value * probes[at + 3]!;
      e += value * probes[at + 4]!;
      f += value * probes[at + 5]!;
      g += value * probes[at + 6]!;
      h += value * probes[at + 7]!;
    }
    products[0] = a;
    products[1] = b;
    products[2] = c;
    products[3] = d;
    products[4] = e;
    products[5] = f;
    products[6] = g;
    products[7] = h;
    for (let n = 0; n < WIDTH; n++) {
      if (products[n]! <= best[n]!) continue;
      best[n] = products[n]!;
      faces[n] = start / DIMENSION;
    }
  }
  return faces;
}
