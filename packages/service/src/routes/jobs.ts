import { JobKind, JobStatus } from "@prosopon/core/contract";
import * as v from "valibot";
import { json, type Handler } from "../http/call.ts";
import { shaped } from "../http/json.ts";
import { idsOf, optional, pageOf } from "../http/query.ts";
import { jobAfterWait } from "../http/wait.ts";
import { HttpProblem } from "../problem.ts";
import { jobView } from "../views.ts";

const Filter = v.object({
  status: v.optional(v.picklist(JobStatus.options, `must be one of ${JobStatus.options.join(", ")}`)),
  kind: v.optional(v.picklist(JobKind.options, `must be one of ${JobKind.options.join(", ")}`)),
});

export const listJobs: Handler = async ({ deps, accountId, query }) => {
  const ids = idsOf(query);
  if (ids) {
    const found = await Promise.all(ids.map((id) => deps.storage.jobs.get(accountId, id)));
    return json({ jobs: found.filter((job) => job !== undefined).map(jobView) });
  }
  const { status, kind } = shaped(
    { status: optional(query, "status"), kind: optional(query, "kind") },
    Filter,
  );
  const { items, nextCursor } = await deps.storage.jobs.list(
    accountId,
    { ...(status && { status }), ...(kind && { kind }) },
    pageOf(query),
  );
  return json({ jobs: items.map(jobView), ...(nextCursor && { next_cursor: nextCursor }) });
};

export const getJob: Handler = async (call) => {
  const job = await jobAfterWait(call, call.params["id"]!);
  if (!job) throw new HttpProblem(404, `no job has the id ${call.params["id"]}`);
  return json(jobView(job));
};
