import type { Candidate, JobResult } from "@prosopon/core/contract";

/** A search's result without the candidates that fail the test; margins are those of the ones that stay. */
export function keepCandidates(result: JobResult, keep: (candidate: Candidate) => boolean): JobResult {
  const all = result.candidates ?? [];
  const kept = all.filter(keep);
  if (kept.length === all.length) return result;
  const candidates = kept.map(({ identity_id, face_id, score, cosine }, index): Candidate => {
    const next = kept[index + 1];
    return { identity_id, face_id, score, cosine, ...(next && { margin: score - next.score }) };
  });
  return { ...result, candidates };
}
