import { randomUUID } from "node:crypto";
import { kindOfJob } from "@prosopon/core/contract";
import { databaseAway } from "../errors/outages.ts";
import { kinds } from "../jobs/kinds/index.ts";
import type { JobPayload } from "../storage/types.ts";
import { json, type Call } from "./call.ts";
import { receiveForm, type ReceivedForm } from "./form.ts";
import { fieldsOf, type JobStart } from "./job-start.ts";
import { HttpProblem } from "./problem.ts";

/** Receives the images of a job, reads what else there is to it, and starts it. What was stored is erased when there is a fault. */
export async function startJob(call: Call, start: JobStart): Promise<Response> {
  const { kind } = start;
  const arrival = await call.deps.quota.enter(call.accountId, kind);
  try {
    const fields = Object.keys(fieldsOf(start));
    const form = await receiveForm({ ...call, arrival }, kindOfJob(kind).images, fields);
    const payload = await read(call, form, start, fields).catch(async (error: unknown) => {
      await form.discard();
      throw error;
    });
    return await writeJob(call, form, { kind, images: form.images, ...payload });
  } finally {
    arrival.leave();
  }
}

/** @throws HttpProblem 400, and what the form of the kind throws */
async function read(
  { deps, accountId }: Call,
  form: ReceivedForm,
  { kind }: JobStart,
  fields: string[],
): Promise<object> {
  const { leastImages = 1 } = kindOfJob(kind);
  if (form.images.length < leastImages)
    throw new HttpProblem(400, `send ${leastImages} images as input_images, in this order`);
  const text = (name: string) => (fields.includes(name) ? form.text(name) : undefined);
  return kinds[kind].form.read({ text }, { storage: deps.storage, accountId });
}

/** Writes the job; its id is answered only once it is durable. What was stored is erased when that is refused. */
async function writeJob(
  { deps, accountId }: Call,
  form: ReceivedForm,
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
