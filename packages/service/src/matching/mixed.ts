import { LISTED_SCORE } from "@prosopon/core/contract";
import type { Embedding } from "@prosopon/engine";
import { cosineOf } from "./cosine.ts";
import type { Scale } from "./scale.ts";

/**
 * A warning when the images fall into groups that no pair links at the listed score. A chain of similar images is one person:
 * two photos of him in very different pose may be far apart with others between.
 * @returns undefined when all seem to show one person.
 */
export function mixedPeople(
  embeddings: Embedding[],
  { scoreOf }: Pick<Scale, "scoreOf">,
): string | undefined {
  const group = embeddings.map((_, index) => index);
  const root = (index: number): number => (group[index] === index ? index : root(group[index]!));
  for (let i = 0; i < embeddings.length; i++) {
    for (let j = 0; j < i; j++) {
      if (scoreOf(cosineOf(embeddings[i]!, embeddings[j]!)) > LISTED_SCORE) group[root(i)] = root(j);
    }
  }
  const groups = Map.groupBy(embeddings.keys(), root);
  if (groups.size < 2) return undefined;
  const names = [...groups.values()].map((members) => members.map((index) => index + 1).join(" and "));
  return `the images may show different people: ${names.join(", then ")}`;
}
