import { randomUUID } from "node:crypto";
import { kindOfJob } from "@prosopon/core/contract";
import type { Clock } from "../clock.ts";
import { databaseAway } from "../errors/outages.ts";
import { kinds } from "../jobs/kinds/index.ts";
import type { LookUp } from "../jobs/look-up.ts";
import type { Quota } from "../jobs/quota.ts";
import type { Limits } from "../limits.ts";
import { unknownId } from "../input/unknown-id.ts";
import type { JobPayload, JobRecord, Storage } from "../storage/types.ts";
import { json, type Call } from "./call.ts";
import type { CollectionLookup } from "./collection-lookup.ts";
import { fieldsOf, type JobStart } from "./job-start.ts";
import { HttpProblem } from "./problem.ts";
import type { Received } from "./receiving/received.ts";
import type { Receiver } from "./receiving/receiver.ts";
import { jobView } from "./views.ts";
import { type BeginPatience, ended, type JobAfter, type Patience, waitSeconds } from "./wait.ts";

/**
 * Receives the images of a job, reads what else there is to it, and starts it. What was stored is erased when there is a fault.
 * With `?wait=`, on our own routes, it answers the job instead of its id: 200 once it has ended, 202 while it goes on.
 */
export type StartJob = (call: Call, start: JobStart) => Promise<Response>;

/** What jobs are started with. */
export interface StartTools {
  storage: Storage;
  collections: CollectionLookup;
  quota: Quota;
  receiver: Receiver;
  /** Does what is waited for at once; absent on a node that does no jobs. */
  lookUp: LookUp | undefined;
  beginPatience: BeginPatience;
  jobAfter: JobAfter;
  limits: Limits;
  clock: Clock;
}

/** A job that has been received, and where it is to be told. */
interface Asked {
  id: string;
  call: Call;
  received: Received;
  payload: JobPayload;
}

export function createStartJob({
  storage,
  collections,
  quota,
  receiver,
  lookUp,
  beginPatience,
  jobAfter,
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

  async function receive(call: Call, start: JobStart, durable: boolean): Promise<Asked & { leave(): void }> {
    const { kind } = start;
    const { accountId } = call;
    const arrival = await quota.enter(accountId, kind);
    try {
      const fields = Object.keys(fieldsOf(start));
      const { images } = kindOfJob(kind);
      const received = await receiver.form(call, arrival, { images, fields, durable });
      const payload = await orDiscard(received, read(accountId, received, start, fields));
      const asked = { kind, images: received.images, ...payload };
      return { id: randomUUID(), call, received, payload: asked, leave: () => arrival.leave() };
    } catch (error) {
      arrival.leave();
      throw error;
    }
  }

  /** Nothing is acknowledged before the answer, so nothing is durable before it either. */
  async function atOnce(asked: Asked, work: LookUp, { signal }: Patience): Promise<JobRecord | undefined> {
    const { id, call, received, payload } = asked;
    const { accountId, request } = call;
    const lookup = { id, accountId, payload, createdAt: clock.now() };
    const job = await orDiscard(received, work(lookup, signal));
    if (!job && !request.signal.aborted) return undefined;
    await received.discard();
    // Nobody reads it.
    if (!job) throw request.signal.reason;
    return job;
  }

  /** Its id may be answered only once the job is durable. */
  async function enqueue({ id, call, received, payload }: Asked): Promise<void> {
    await orDiscard(received, received.flush());
    try {
      await storage.jobs.enqueue({
        id,
        accountId: call.accountId,
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
  }

  return async (call, start) => {
    const seconds = start.documented ? undefined : waitSeconds(call.query);
    const work = seconds && kindOfJob(start.kind).lookup ? lookUp : undefined;
    const asked = await receive(call, start, !work);
    const patience = seconds === undefined ? undefined : beginPatience(call, seconds);
    try {
      const done = work && patience && (await atOnce(asked, work, patience));
      if (done) return json(jobView(done));
      await enqueue(asked);
      if (!patience) return json({ job_id: asked.id });
      // What waits in the queue is no upload any more.
      asked.leave();
      const job = await jobAfter(call.accountId, asked.id, patience);
      if (!job) throw unknownId("job", asked.id);
      return json(jobView(job), ended(job) ? 200 : 202);
    } finally {
      asked.leave();
      patience?.end();
    }
  };
}

/** The images are erased where the work fails. */
async function orDiscard<T>(received: Received, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    await received.discard();
    throw error;
  }
}
