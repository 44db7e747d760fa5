import { JobCreated } from "./contract/jobs/index.ts";
import type { Exchange } from "./http.ts";
import type { Transport } from "./transport.ts";
import type { JobRef } from "./types.ts";

/** Sends the form that starts a job of a kind. */
export async function startJob(
  transport: Transport,
  kind: JobRef["kind"],
  exchange: Pick<Exchange, "method" | "path" | "body">,
  signal: AbortSignal,
): Promise<JobRef> {
  const { job_id } = await transport.json(JobCreated, exchange, signal);
  return { id: job_id, kind };
}
