import type { StoredResult } from "../types.ts";

/** A person whom a result lists. */
interface Listed {
  identity_id: string;
  score: number;
  margin?: number;
}

/** What tells of somebody beside the job's own person, such as that the two may be one. */
interface Warning {
  identity_id?: string;
}

/** What lists people: a result, or a face of one. A face may also be given to one of them. */
interface Lister {
  candidates?: Listed[];
  identity_id?: string;
  score?: number;
  decision?: string;
}

/** Whom a result lists, each once: whatever its kind, they are the entries of `candidates`, its own and those of its `faces`, and whom its `warnings` name. */
export function mentioned(result: StoredResult): string[] {
  const warned = warningsOf(result).flatMap(({ identity_id }) => identity_id ?? []);
  return [...new Set([...[result as Lister, ...facesOf(result)].flatMap(people), ...warned])];
}

/** The result without those of the listed who fail the test; margins are those of the ones that stay, and a face that was theirs is nobody's. */
export function keepMentioned(result: StoredResult, keep: (identityId: string) => boolean): StoredResult {
  const faces = facesOf(result);
  const kept = faces.map((face) => keepFace(face, keep));
  const own = keepWarnings(keepListed(result, keep), keep);
  return kept.some((face, index) => face !== faces[index]) ? { ...own, faces: kept } : own;
}

function keepWarnings(result: StoredResult, keep: (identityId: string) => boolean): StoredResult {
  const all = warningsOf(result);
  const warnings = all.filter(({ identity_id }) => identity_id === undefined || keep(identity_id));
  if (warnings.length === all.length) return result;
  const { warnings: _, ...rest } = result;
  return warnings.length === 0 ? rest : { ...rest, warnings };
}

function keepFace(face: Lister, keep: (identityId: string) => boolean): Lister {
  const kept = keepListed(face, keep);
  if (kept.identity_id === undefined || keep(kept.identity_id)) return kept;
  const { identity_id: _, score: __, ...rest } = kept;
  return { ...rest, decision: "unknown" };
}

function keepListed<T extends Lister>(lister: T, keep: (identityId: string) => boolean): T {
  const all = listed(lister);
  const kept = all.filter(({ identity_id }) => keep(identity_id));
  if (kept.length === all.length) return lister;
  const candidates = kept.map((candidate, index) => {
    const { margin: _, ...rest } = candidate;
    const next = kept[index + 1];
    return { ...rest, ...(next && { margin: candidate.score - next.score }) };
  });
  return { ...lister, candidates };
}

const listed = ({ candidates }: Lister): Listed[] => (Array.isArray(candidates) ? candidates : []);

const warningsOf = ({ warnings }: StoredResult): Warning[] =>
  Array.isArray(warnings) ? (warnings as Warning[]) : [];

const facesOf = ({ faces }: StoredResult): Lister[] => (Array.isArray(faces) ? (faces as Lister[]) : []);

const people = (lister: Lister): string[] => [
  ...listed(lister).map(({ identity_id }) => identity_id),
  ...(typeof lister.identity_id === "string" && lister.candidates ? [lister.identity_id] : []),
];
