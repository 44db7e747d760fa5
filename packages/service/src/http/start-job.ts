import { randomUUID } from "node:crypto";
import { kindOfJob } from "@prosopon/core/contract";
import type { Clock } from "../clock.ts";
import { databaseAway } from "../errors/outages.ts";
import { kinds } from "../jobs/kinds/index.ts";
import type { Quota } from "../jobs/quota.ts";
import type { Limits } from "../limits.ts";
import type { JobPayload, Storage } from "../storage/types.ts";
import type { CollectionLookup } from "./collection-lookup.ts";
import { json, type Call } from "./call.ts";
import { fieldsOf, type JobStart } from "./job-start.ts";
import { HttpProblem } from "./problem.ts";
import type { Received } from "./receiving/received.ts";
import type { Receiver } from "./receiving/receiver.ts";

/** Receives the images of a job, reads what else there is to it, and starts it. What was stored is erased when there is a fault. */
export type StartJob = (call: Call, start: JobStart) => Promise<Response>;

/** What jobs are started with. */
export interface StartTools {
  storage: Storage;
  collections: CollectionLookup;
  quota: Quota;
  receiver: Receiver;
  limits: Limits;
  clock: Clock;
}

export function createStartJob({
  storage,
  collections,
  quota,
  receiver,
  limits,
  clock,
}: StartTools): StartJob {
  /** @throws HttpProblem 400, and what the form of the kind throws */
  async function read(
    accountId: string,
    received: Received,
    start: JobStart,
    fields: string[],
  ): Promise<object> {
    const { kind } = start;
    const { leastImages = 1 } = kindOfJob(kind);
    if (received.images.length < leastImages)
      throw new HttpProblem(400, `send ${leastImages} images as input_images, in this order`);
    const text = (name: string) => (fields.includes(name) ? received.text(name) : undefined);
    const collectionId = await collectionIn(accountId, start, text("collection"));
    const payload = await kinds[kind].form.read({ text }, { storage, accountId, collectionId });
    return { ...(collectionId && { collectionId }), ...payload };
  }

  /** The documented API knows `default` only. */
  async function collectionIn(
    accountId: string,
    { kind, documented }: JobStart,
    named: string | undefined,
  ): Promise<string | undefined> {
    const { scope } = kindOfJob(kind);
    if (!scope || (scope === "identity" && !named && !documented)) return undefined;
    return collections.idOf(accountId, named || undefined);
  }

  /** Its id is answered only once the job is durable. */
  async function write(accountId: string, received: Received, payload: JobPayload): Promise<Response> {
    const id = randomUUID();
    try {
      await storage.jobs.enqueue({
        id,
        accountId,
        payload,
        uploadIds: received.uploadIds,
        now: clock.now(),
        quotas: limits,
      });
    } catch (error) {
      // The job may have been written all the same, and needs its images; without one the sweep erases them.
      if (databaseAway(error)) received.keep();
      else await received.discard();
      throw error;
    }
    received.keep();
    return json({ job_id: id });
  }

  return async (call, start) => {
    const { kind } = start;
    const { accountId } = call;
    const arrival = await quota.enter(accountId, kind);
    try {
      const fields = Object.keys(fieldsOf(start));
      const received = await receiver.form(call, arrival, { images: kindOfJob(kind).images, fields });
      const payload = await read(accountId, received, start, fields).catch(async (error: unknown) => {
        await received.discard();
        throw error;
      });
      return await write(accountId, received, { kind, images: received.images, ...payload });
    } finally {
      arrival.leave();
    }
  };
}
