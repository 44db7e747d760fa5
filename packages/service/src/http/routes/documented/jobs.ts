import { kindOfJob, type JobKind } from "@prosopon/core/contract";
import { kinds } from "../../../jobs/kinds/index.ts";
import { LISTED_SCORE } from "../../../matching/match.ts";
import { json, type Call } from "../../call.ts";
import { required } from "../../query.ts";
import { startJob } from "../../start-job.ts";
import { jobAfterWait } from "../../wait.ts";
import type { Route } from "../../route.ts";

/** The routes that start jobs of each kind, and the documented ones that tell their state. */
export const jobRoutes: readonly Route[] = Object.values(kinds).flatMap(({ kind, starts, statuses = [] }) => [
  ...starts.map((start): Route => [start.method, start.path, "token", (call) => startJob(call, kind, start)]),
  ...statuses.map(({ path }): Route => ["GET", path, "token", (call) => documentedStatus(call, kind)]),
]);

/** Also for another account's job and one of a kind that this route does not tell: documented clients expect 200. */
const UNKNOWN = { status: "Unknown Job" };

async function documentedStatus(call: Call, kind: JobKind): Promise<Response> {
  const job = await jobAfterWait(call, required(call.query, "job_id"));
  const route = kindOfJob(kind).documented;
  const documented = job && kindOfJob(job.kind).documented;
  if (!documented || documented.path !== route?.path) return json(UNKNOWN);
  const { status, identityId, result, error } = job;
  const told = documented.results
    ? { results: result && documented.results(result, LISTED_SCORE) }
    : { identity_id: identityId };
  return json({ status, ...(status === "Succeeded" && told), ...(status === "Failed" && { error }) });
}
