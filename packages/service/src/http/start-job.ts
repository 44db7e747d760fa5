import { randomUUID } from "node:crypto";
import { kindOfJob, type JobKind } from "@prosopon/core/contract";
import { databaseAway } from "../jobs/fault.ts";
import type { Start } from "../jobs/kinds/kind.ts";
import type { JobPayload } from "../storage/types.ts";
import { json, type Call } from "./call.ts";
import { receiveForm, type Form } from "./form.ts";

/** Receives the images of a job, reads what else there is to it, and starts it. What was stored is erased when there is a fault. */
export async function startJob(
  call: Call,
  kind: JobKind,
  { form: fields, read }: Pick<Start<object>, "form" | "read">,
): Promise<Response> {
  const arrival = await call.deps.quota.enter(call.accountId, kind);
  try {
    const form = await receiveForm({ ...call, arrival }, kindOfJob(kind).images, Object.keys(fields));
    const payload = await Promise.resolve()
      .then(() => read(call, form))
      .catch(async (error: unknown) => {
        await form.discard();
        throw error;
      });
    return await writeJob(call, form, { kind, images: form.images, ...payload });
  } finally {
    arrival.leave();
  }
}

/** Writes the job; its id is answered only once it is durable. What was stored is erased when that is refused. */
async function writeJob({ deps, accountId }: Call, form: Form, payload: JobPayload): Promise<Response> {
  const id = randomUUID();
  try {
    await deps.storage.jobs.enqueue({
      id,
      accountId,
      payload,
      uploadIds: form.uploadIds,
      now: deps.clock.now(),
      quotas: deps.limits,
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
