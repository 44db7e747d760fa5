import type { AcceptedJobStatus, EnrolmentAnswer, Job, RecognitionAnswer, SearchAnswer } from "./contract.ts";
import type { JobRef, JobState } from "./types.ts";

const FINAL: AcceptedJobStatus[] = ["Succeeded", "Failed", "Revoked"];

export function isFinalStatus(status: AcceptedJobStatus): boolean {
  return FINAL.includes(status);
}

/** A documented route's answer, whichever of the three it is. */
export type DocumentedAnswer = EnrolmentAnswer | SearchAnswer | RecognitionAnswer;

export function isUnknown(status: AcceptedJobStatus): boolean {
  return status === "Unknown Job" || status === "Unknown job";
}

export function fromDocumented(ref: JobRef, answer: DocumentedAnswer): JobState {
  const state: JobState = {
    id: ref.id,
    kind: ref.kind,
    status: answer.status,
    done: isFinalStatus(answer.status),
  };
  if (answer.error !== undefined) state.error = answer.error;
  if ("identity_id" in answer && answer.identity_id !== undefined) state.identityId = answer.identity_id;
  const results = "results" in answer ? answer.results : undefined;
  if (Array.isArray(results)) state.matches = results;
  else if (results) {
    state.recognition = results;
    state.identityId = results.identity_id;
  }
  return state;
}

/** `listed`: the score above which the documented search route lists a candidate. */
export function fromJob(job: Job, listed: number): JobState {
  const state: JobState = {
    id: job.job_id,
    kind: job.kind,
    status: job.status,
    done: isFinalStatus(job.status),
    detail: job,
  };
  if (job.error !== undefined) state.error = job.error;
  if (job.identity_id !== undefined) state.identityId = job.identity_id;
  const { candidates, match } = job.result ?? {};
  if (candidates) {
    state.matches = candidates
      .filter(({ score }) => score > listed)
      .map(({ identity_id, score }) => ({ identity_id, score }));
  }
  if (match)
    state.recognition = {
      identity_id: match.identity_id,
      score: match.score,
      recognition: match.recognition,
    };
  return state;
}
