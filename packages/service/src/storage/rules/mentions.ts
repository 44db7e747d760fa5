import type { StoredResult } from "../types.ts";

/** A person whom a result lists. */
interface Listed {
  identity_id: string;
  score: number;
}

/** Whom a result lists, each once: whatever its kind, they are the entries of `candidates`. */
export function mentioned(result: StoredResult): string[] {
  return [...new Set(candidatesOf(result).map(({ identity_id }) => identity_id))];
}

/** The result without those of the listed who fail the test; margins are those of the ones that stay. */
export function keepMentioned(result: StoredResult, keep: (identityId: string) => boolean): StoredResult {
  const all = candidatesOf(result);
  const kept = all.filter(({ identity_id }) => keep(identity_id));
  if (kept.length === all.length) return result;
  const candidates = kept.map((candidate, index) => {
    const { margin: _, ...rest } = candidate as Listed & { margin?: number };
    const next = kept[index + 1];
    return { ...rest, ...(next && { margin: candidate.score - next.score }) };
  });
  return { ...result, candidates };
}

const candidatesOf = ({ candidates }: StoredResult): Listed[] =>
  Array.isArray(candidates) ? (candidates as Listed[]) : [];
