import type { Embedding } from "@prosopon/engine";

/**
 * Dot product of two L2-normalised embeddings, in double precision: their cosine, -1..1 also where their lengths were rounded.
 * @throws TypeError when two recognisers made them: numbers of two kinds say nothing of each other
 */
export function cosineOf(a: Embedding, b: Embedding): number {
  if (a.recogniser !== b.recogniser)
    throw new TypeError(`Embeddings by ${a.recogniser} and ${b.recogniser} cannot be compared.`);
  let sum = 0;
  for (let i = 0; i < a.values.length; i++) sum += a.values[i]! * b.values[i]!;
  return Math.max(-1, Math.min(1, sum));
}
