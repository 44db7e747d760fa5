import { randomUUID } from "node:crypto";
import type { Call } from "../http/call.ts";
import { json } from "../http/call.ts";
import type { Form } from "../http/form.ts";
import { databaseAway } from "./fault.ts";
import type { JobPayload } from "../storage/types.ts";

/** Writes the job; its id is answered only once it is durable. What was stored is erased when that is refused. */
export async function startJob(
  { deps, accountId }: Call,
  form: Form,
  payload: JobPayload,
): Promise<Response> {
  const id = randomUUID();
  try {
    await deps.storage.jobs.enqueue({
      id,
      accountId,
      payload,
      uploadIds: form.uploadIds,
      now: deps.clock.now(),
    });
  } catch (error) {
    // The job may have been written all the same, and needs its images; without one the sweep erases them.
    if (databaseAway(error)) form.keep();
    else await form.discard();
    throw error;
  }
  form.keep();
  return json({ job_id: id });
}
