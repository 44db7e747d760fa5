import * as v from "valibot";
import { JobStatus } from "./jobs/status.ts";

/** One change of one job, as `/v1/events` sends it: ids and a status, never a result. */
export const JobEvent = v.object({
  job_id: v.string(),
  /** The same value as job_id. */
  taskId: v.string(),
  status: JobStatus,
  /** Give the last one back (`?cursor=` or `Last-Event-ID`) to miss nothing after a reconnect. */
  cursor: v.string(),
});
export type JobEvent = v.InferOutput<typeof JobEvent>;
