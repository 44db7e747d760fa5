import { kindOfJob, type JobKind, LISTED_SCORE } from "@prosopon/core/contract";
import { json, type Call } from "../../call.ts";
import type { JobStart } from "../../job-start.ts";
import { required } from "../../query.ts";
import type { Route } from "../../route.ts";
import type { StartJob } from "../../start-job.ts";
import type { JobAfterWait } from "../../wait.ts";

const IDENTITY = "/innovation-service/identity";
const SEARCH = `${IDENTITY}/search`;
/** Documented under both names. */
const RECOGNITION = [`${IDENTITY}/recognize`, `${IDENTITY}/recognition`];

const starts: readonly JobStart[] = [
  {
    kind: "enrol",
    method: "POST",
    path: IDENTITY,
    summary: "Enrol a person from 1 to 5 images",
    fields: [],
  },
  { kind: "add-images", method: "PUT", path: IDENTITY, problems: [404] },
  { kind: "search", method: "POST", path: SEARCH },
  ...RECOGNITION.map((path): JobStart => ({ kind: "recognize", method: "POST", path, problems: [404] })),
];

/** The documented routes that start jobs: these and no others, whatever kinds there are. */
export const documentedStarts = starts.map((start): JobStart => ({ ...start, documented: true }));

/** A documented route that tells the state of jobs. */
export interface JobStatusRoute {
  /** The kind that it tells of; others may share its answer. */
  kind: JobKind;
  path: string;
  summary: string;
  /** The answer's name in the OpenAPI document. */
  schema: string;
}

export const documentedStatuses: readonly JobStatusRoute[] = [
  {
    kind: "enrol",
    path: IDENTITY,
    summary: "State of a create or add job",
    schema: "EnrolmentAnswer",
  },
  {
    kind: "search",
    path: SEARCH,
    summary: "State and results of a search: scores above 0.85, best first",
    schema: "SearchAnswer",
  },
  ...RECOGNITION.map((path): JobStatusRoute => ({
    kind: "recognize",
    path,
    summary: "State and result of a recognition: recognised from 0.95 on",
    schema: "RecognitionAnswer",
  })),
];

/** Also for another account's job and one of a kind that this route does not tell: documented clients expect 200. */
const UNKNOWN = { status: "Unknown Job" };

export function documentedJobRoutes(startJob: StartJob, jobAfterWait: JobAfterWait): Route[] {
  async function status(call: Call, kind: JobKind): Promise<Response> {
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

  return [
    ...documentedStarts.map((start): Route => [
      start.method,
      start.path,
      "token",
      (call) => startJob(call, start),
    ]),
    ...documentedStatuses.map(({ path, kind }): Route => [
      "GET",
      path,
      "token",
      (call) => status(call, kind),
    ]),
  ];
}
