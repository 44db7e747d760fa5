/** Dot product of two L2-normalised embeddings, in double precision: their cosine, -1..1 also where their lengths were rounded. */
export function cosineOf(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return Math.max(-1, Math.min(1, sum));
}
