import type { JobKind } from "@prosopon/core/contract";

/** The GraphQL type of each kind of job. */
export const typeOfKind = {
  enrol: "EnrolmentJob",
  "add-images": "EnrolmentJob",
  search: "SearchJob",
  recognize: "RecognitionJob",
  detect: "DetectJob",
  compare: "CompareJob",
  identify: "IdentifyJob",
} as const satisfies Record<JobKind, string>;

export type JobTypeName = (typeof typeOfKind)[JobKind];
