import { kindOfJob } from "@prosopon/core/contract";
import { kinds } from "../../../jobs/kinds/index.ts";
import type { JobStart } from "../../job-start.ts";
import type { Route } from "../../route.ts";
import type { StartJob } from "../../start-job.ts";

/** The routes of our own API that start jobs: every kind that the contract has one for, enrolment under a name of the caller's, and more photos of somebody. */
export const ownStarts: readonly JobStart[] = [
  { kind: "enrol", method: "POST", path: "/v1/identities", problems: [404, 409] },
  { kind: "add-images", method: "POST", path: "/v1/faces", problems: [404] },
  ...Object.values(kinds).flatMap(({ kind }): JobStart[] => {
    const { start, scope } = kindOfJob(kind);
    if (!start) return [];
    const problems = scope ? [404] : [];
    return [{ kind, method: "POST", path: start.path, problems }];
  }),
];

export function startJobRoutes(startJob: StartJob): Route[] {
  return ownStarts.map((start): Route => [
    start.method,
    start.path,
    "token",
    (call) => startJob(call, start),
  ]);
}
