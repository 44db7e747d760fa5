import {
  type AcceptedJobStatus,
  type DocumentedAnswer,
  isFinalStatus,
  type Job,
  kindOfJob,
} from "./contract.ts";
import type { JobRef, JobState } from "./types.ts";

export function isUnknown(status: AcceptedJobStatus): boolean {
  return status === "Unknown Job" || status === "Unknown job";
}

export function fromDocumented(ref: JobRef, answer: DocumentedAnswer): JobState {
  const { status, identity_id, results, error } = answer;
  const state: JobState = { id: ref.id, kind: ref.kind, status, done: isFinalStatus(status) };
  if (error !== undefined) state.error = error;
  if (identity_id !== undefined) state.identityId = identity_id;
  if (Array.isArray(results)) state.matches = results;
  else if (results) {
    state.recognition = results;
    state.identityId = results.identity_id;
  }
  return state;
}

/** `listed`: the score above which the documented search route lists a candidate. */
export function fromJob(job: Job, listed: number): JobState {
  const { job_id: id, kind, status, identity_id, error, result } = job;
  const results = result && kindOfJob(kind).documented?.results?.(result, listed);
  return { ...fromDocumented({ id, kind }, { status, identity_id, results, error }), detail: job };
}
