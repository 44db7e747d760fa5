import { randomUUID } from "node:crypto";
import type { Call } from "../http/call.ts";
import { json } from "../http/call.ts";
import type { Form } from "../http/form.ts";
import type { JobPayload } from "../storage/types.ts";

/** Writes the job; its id is answered only once it is durable. What was stored is erased when that fails. */
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
    await form.discard();
    throw error;
  }
  form.keep();
  return json({ job_id: id });
}
