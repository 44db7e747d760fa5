import { kindOfJob } from "@prosopon/core/contract";
import { kinds } from "../../../jobs/kinds/index.ts";
import type { JobStart } from "../../job-start.ts";
import type { Route } from "../../route.ts";
import type { StartJob } from "../../start-job.ts";

/** The routes of our own API that start jobs: every kind that the contract has one for, and enrolment under a name of the caller's. */
export const ownStarts: readonly JobStart[] = [
  { kind: "enrol", method: "POST", path: "/v1/identities", problems: [409] },
  ...Object.values(kinds).flatMap(({ kind }): JobStart[] => {
    const { start } = kindOfJob(kind);
    return start ? [{ kind, method: "POST", path: start.path }] : [];
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
