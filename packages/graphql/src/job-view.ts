import type { JobRef, JobState } from "@prosopon/core";
import { type AcceptedJobStatus, isFinalStatus, type Job, type JobKind } from "@prosopon/core/contract";

/** A job on its way to a caller: `status` as told by an event or a read, `state` only if something read it; else it is read when asked for. */
export interface JobView {
  id: string;
  kind: JobKind;
  status: AcceptedJobStatus;
  state?: JobState;
}

/** A job that has just been started. */
export function started({ id, kind }: JobRef): JobView {
  return { id, kind, status: "Sent" };
}

export function viewOf(state: JobState): JobView {
  return { id: state.id, kind: state.kind, status: state.status, state };
}

/** The record of `/v1/jobs` as the client's own shape. */
export function recordState(job: Job): JobState {
  return {
    id: job.job_id,
    kind: job.kind,
    status: job.status,
    done: isFinalStatus(job.status),
    ...(job.identity_id !== undefined && { identityId: job.identity_id }),
    ...(job.error !== undefined && { error: job.error }),
    detail: job,
  };
}
