import { randomUUID } from "node:crypto";
import { JobKind, JobStatus } from "@prosopon/core/contract";
import * as v from "valibot";
import { eraseOrLeave } from "../../../blobs/erase.ts";
import { json, type Handler } from "../../call.ts";
import { shaped } from "../../../input/json.ts";
import { idsOf, optional, pageOf } from "../../query.ts";
import { jobAfterWait } from "../../wait.ts";
import { unknownId } from "../../../input/unknown-id.ts";
import { HttpProblem } from "../../problem.ts";
import type { JobRecord } from "../../../storage/types.ts";
import { jobView } from "../../views.ts";

const Filter = v.object({
  status: v.optional(v.picklist(JobStatus.options, `must be one of ${JobStatus.options.join(", ")}`)),
  kind: v.optional(v.picklist(JobKind.options, `must be one of ${JobKind.options.join(", ")}`)),
  dead: v.optional(v.literal("true", "may only be true")),
});

export const listJobs: Handler = async ({ deps, accountId, query }) => {
  const ids = idsOf(query);
  if (ids) {
    const found = await Promise.all(ids.map((id) => deps.storage.jobs.get(accountId, id)));
    return json({ jobs: found.filter((job) => job !== undefined).map(jobView) });
  }
  const { status, kind, dead } = shaped(
    { status: optional(query, "status"), kind: optional(query, "kind"), dead: optional(query, "dead") },
    Filter,
  );
  const { items, nextCursor } = await deps.storage.jobs.list(
    accountId,
    { ...(status && { status }), ...(kind && { kind }), ...(dead && { dead: true }) },
    pageOf(query),
  );
  return json({ jobs: items.map(jobView), ...(nextCursor && { next_cursor: nextCursor }) });
};

export const getJob: Handler = async (call) => {
  const job = await jobAfterWait(call, call.params["id"]!);
  if (!job) throw unknownId("job", call.params["id"]!);
  return json(jobView(job));
};

/** Whoever works on it hears of it by the event, or by its next renewal: 10 s at most. What it finds then is thrown away. */
export const cancelJob: Handler = async ({ deps, accountId, params }) => {
  const id = params["id"]!;
  const answer = await deps.storage.jobs.cancel(accountId, id, deps.clock.now());
  if (answer.cancelled) {
    await eraseOrLeave(deps, answer.blobIds);
    return json(jobView(answer.job));
  }
  if (answer.reason === "unknown") throw unknownId("job", id);
  throw new HttpProblem(409, `this job has ended already: it is ${answer.job.status}`);
};

/** Counts as a job started, also in the quota. */
export const retryJob: Handler = async ({ deps, accountId, params }) => {
  const id = params["id"]!;
  const job = await deps.storage.jobs.get(accountId, id);
  if (!job) throw unknownId("job", id);
  await deps.space.admit();
  const answer = await deps.storage.jobs.retry(accountId, id, {
    id: randomUUID(),
    now: deps.clock.now(),
    quotas: deps.limits,
  });
  if (answer.retried) return json({ job_id: answer.jobId, kind: job.kind }, 202);
  throw new HttpProblem(answer.reason === "unknown" ? 404 : 409, refusal(job)[answer.reason]);
};

const refusal = (job: JobRecord) => ({
  unknown: `no job has the id ${job.id}`,
  "not-dead": `this job did not die: ${job.error === undefined ? `it is ${job.status}` : `it failed: ${job.error}`}`,
  expired: "this job died too long ago: its images are no longer kept, so send them again",
  "identity-gone": `this job cannot be retried: the identity ${job.identityId} was deleted`,
});
