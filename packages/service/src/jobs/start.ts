import { randomUUID } from "node:crypto";
import type { JobKind } from "@prosopon/core/contract";
import type { Call } from "../http/call.ts";
import { json } from "../http/call.ts";
import { receiveForm, type Form } from "../http/form.ts";
import { IMAGES_PER_JOB } from "../limits.ts";
import { databaseAway } from "./fault.ts";
import type { JobPayload } from "../storage/types.ts";

type PayloadOf<K extends JobKind> = Extract<JobPayload, { kind: K }>;

/** Receives the images of a job, asks what else there is to it, and starts it. What was stored is erased when there is a fault. */
export async function startJob<K extends JobKind>(
  call: Call,
  kind: K,
  rest: (
    form: Form,
  ) => Promise<Omit<PayloadOf<K>, "kind" | "images">> | Omit<PayloadOf<K>, "kind" | "images">,
): Promise<Response> {
  const arrival = await call.deps.quota.enter(call.accountId, kind);
  try {
    const isLookup = kind === "search" || kind === "recognize";
    const form = await receiveForm({ ...call, arrival }, isLookup ? 1 : IMAGES_PER_JOB);
    const payload = await Promise.resolve()
      .then(() => rest(form))
      .catch(async (error: unknown) => {
        await form.discard();
        throw error;
      });
    return await writeJob(call, form, { kind, images: form.images, ...payload } as unknown as JobPayload);
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
