import * as v from "valibot";

/** The four states a server emits; published clients parse these and some crash on any other. */
export const JobStatus = v.picklist(["Sent", "Started", "Succeeded", "Failed"]);
export type JobStatus = v.InferOutput<typeof JobStatus>;

/** What a client must also accept from servers seen in the field. */
export const AcceptedJobStatus = v.picklist([
  "Sent",
  "Started",
  "Succeeded",
  "Failed",
  "Retried",
  "Revoked",
  "Unknown Job",
  "Unknown job",
  "Unknown Status",
]);
export type AcceptedJobStatus = v.InferOutput<typeof AcceptedJobStatus>;

const FINAL: AcceptedJobStatus[] = ["Succeeded", "Failed", "Revoked"];

export function isFinalStatus(status: AcceptedJobStatus): boolean {
  return FINAL.includes(status);
}
