import { randomUUID } from "node:crypto";
import { JobKind, JobStatus } from "@prosopon/core/contract";
import * as v from "valibot";
import type { EraseImages } from "../../../blobs/erase.ts";
import type { Clock } from "../../../clock.ts";
import { shaped } from "../../../input/json.ts";
import { unknownId } from "../../../input/unknown-id.ts";
import type { Space } from "../../../space.ts";
import type { JobRecord, Quotas, Storage } from "../../../storage/types.ts";
import { json, type Handler } from "../../call.ts";
import { HttpProblem } from "../../problem.ts";
import { idsOf, optional, pageOf } from "../../query.ts";
import type { Route } from "../../route.ts";
import { jobView } from "../../views.ts";
import type { JobAfterWait } from "../../wait.ts";

/** What jobs are read, cancelled and retried with. */
export interface JobsRouteTools {
  storage: Storage;
  eraseImages: EraseImages;
  space: Space;
  jobAfterWait: JobAfterWait;
  limits: Quotas;
  clock: Clock;
}

const Filter = v.object({
  status: v.optional(v.picklist(JobStatus.options, `must be one of ${JobStatus.options.join(", ")}`)),
  kind: v.optional(v.picklist(JobKind.options, `must be one of ${JobKind.options.join(", ")}`)),
  dead: v.optional(v.literal("true", "may only be true")),
});

export function jobsRoutes({
  storage,
  eraseImages,
  space,
  jobAfterWait,
  limits,
  clock,
}: JobsRouteTools): Route[] {
  const list: Handler = async ({ accountId, query }) => {
    const ids = idsOf(query);
    if (ids) {
      const found = await Promise.all(ids.map((id) => storage.jobs.get(accountId, id)));
      return json({ jobs: found.filter((job) => job !== undefined).map(jobView) });
    }
    const { status, kind, dead } = shaped(
      { status: optional(query, "status"), kind: optional(query, "kind"), dead: optional(query, "dead") },
      Filter,
    );
    const { items, nextCursor } = await storage.jobs.list(
      accountId,
      { ...(status && { status }), ...(kind && { kind }), ...(dead && { dead: true }) },
      pageOf(query),
    );
    return json({ jobs: items.map(jobView), ...(nextCursor && { next_cursor: nextCursor }) });
  };

  const get: Handler = async (call) => {
    const job = await jobAfterWait(call, call.params["id"]!);
    if (!job) throw unknownId("job", call.params["id"]!);
    return json(jobView(job));
  };

  /** Whoever works on it hears of it by the event, or by its next renewal: 10 s at most. What it finds then is thrown away. */
  const cancel: Handler = async ({ accountId, params }) => {
    const id = params["id"]!;
    const answer = await storage.jobs.cancel(accountId, id, clock.now());
    if (answer.cancelled) {
      await eraseImages(answer.blobIds);
      return json(jobView(answer.job));
    }
    if (answer.reason === "unknown") throw unknownId("job", id);
    throw new HttpProblem(409, `this job has ended already: it is ${answer.job.status}`);
  };

  /** Counts as a job started, also in the quota. */
  const retry: Handler = async ({ accountId, params }) => {
    const id = params["id"]!;
    const job = await storage.jobs.get(accountId, id);
    if (!job) throw unknownId("job", id);
    await space.admit();
    const answer = await storage.jobs.retry(accountId, id, {
      id: randomUUID(),
      now: clock.now(),
      quotas: limits,
    });
    if (answer.retried) return json({ job_id: answer.jobId, kind: job.kind }, 202);
    throw new HttpProblem(answer.reason === "unknown" ? 404 : 409, refusal(job)[answer.reason]);
  };

  return [
    ["GET", "/v1/jobs", "token", list],
    ["GET", "/v1/jobs/:id", "token", get],
    ["DELETE", "/v1/jobs/:id", "token", cancel],
    ["POST", "/v1/jobs/:id/retry", "token", retry],
  ];
}

const refusal = (job: JobRecord) => ({
  unknown: `no job has the id ${job.id}`,
  "not-dead": `this job was not abandoned: ${job.error === undefined ? `it is ${job.status}` : `it failed: ${job.error}`}`,
  expired: "this job was abandoned too long ago: its images are no longer kept, so send them again",
  "collection-gone": "this job cannot be retried: its collection was deleted",
  "identity-gone": `this job cannot be retried: the identity ${job.identityId} was deleted`,
});
