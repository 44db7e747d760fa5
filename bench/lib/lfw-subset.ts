import type { Lfw } from "./lfw.ts";

/** Every n-th pair of each fold and kind, so that a slow competitor can be measured on the same photos. */
export function subset(lfw: Lfw, pairs: number): Lfw {
  const step = Math.max(1, Math.floor(lfw.pairs.length / pairs));
  return { photos: lfw.photos, pairs: lfw.pairs.filter((_, index) => index % step === 0) };
}

/** Embeds the photos that the pairs name, one after the other. */
export async function embedPairs(
  { photos, pairs }: Lfw,
  embed: (path: string) => Promise<Float32Array | undefined>,
): Promise<(Float32Array | undefined)[]> {
  const embeddings: (Float32Array | undefined)[] = [];
  for (const index of new Set(pairs.flatMap(({ a, b }) => [a, b]))) {
    const path = photos[index]?.path;
    if (path !== undefined) embeddings[index] = await embed(path);
  }
  return embeddings;
}
