import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isApiError, isConnectionError, isTimeoutError, type Client, type JobRef } from "@prosopon/core";

export interface Order {
  kind: "enrol" | "search";
  /**
   * An enrolment with an external id, by `/v1/identities`: sent again, it enrols nobody twice. Else by the documented route,
   * where the database alone keeps one job from enrolling twice.
   */
  named: boolean;
}

/** One POST: what its sender knows of it. */
export interface Attempt extends Order {
  account: string;
  /** The same for all attempts at one job; travels as the external id of an enrolment that is `named`. */
  tag: string;
  /** Set when it was acknowledged. Without it, it may have been carried out or not. */
  jobId?: string;
  /** Why there was no acknowledgement. */
  failure?: string;
  /** When the answer came, ms. */
  at: number;
}

/** What one subscriber saw of one job. */
export interface Sight {
  jobId: string;
  by: "core" | "graphql";
  statuses: string[];
  /** All that were told as the job's identity: of one enrolment, one. */
  identityIds?: string[];
  /** How the watch broke off, where it did before a final state. */
  failure?: string;
  /** From the acknowledgement to the final state, ms. */
  ms?: number;
}

export interface Sending {
  client: Client;
  account: string;
  photo(): Uint8Array<ArrayBuffer>;
  /** The next job; waits until it may be sent, undefined when there is no more. */
  next(): Promise<Order | undefined>;
  /** Beside the sender's own watch. */
  alsoWatch(ref: JobRef): Promise<Sight> | undefined;
  attempts: Attempt[];
  sights: Sight[];
  watchMs: number;
  signal: AbortSignal;
}

/** Between two POSTs of the same job. */
const PAUSE_MS = 100;

/** Sends jobs one after another, each until it is acknowledged, and follows each to its end. */
export async function send(sending: Sending): Promise<void> {
  for (let order = await sending.next(); order; order = await sending.next()) {
    const ref = await acknowledged(sending, order);
    if (!ref) return;
    const also = sending.alsoWatch(ref);
    sending.sights.push(await watch(sending, ref, order));
    if (also) sending.sights.push(await also);
  }
}

async function acknowledged(sending: Sending, order: Order): Promise<JobRef | undefined> {
  const { client, account, attempts, signal } = sending;
  let tag = randomUUID();
  let unanswered = false;
  const photo = sending.photo();
  while (!signal.aborted) {
    const attempt: Attempt = { ...order, account, tag, at: 0 };
    attempts.push(attempt);
    try {
      const ref =
        order.kind === "enrol"
          ? await client.identities.create(
              { images: [photo], ...(order.named && { externalId: tag }) },
              { signal },
            )
          : await client.identities.search({ image: photo, maxResult: 3 }, { signal });
      attempt.jobId = ref.id;
      return ref;
    } catch (error) {
      attempt.failure = nameOf(error);
      // An attempt whose answer was lost enrolled this person meanwhile: the next one is of somebody else.
      if (unanswered && isApiError(error) && error.status === 409) {
        tag = randomUUID();
        unanswered = false;
      } else unanswered ||= !isApiError(error) || error.status >= 500;
    } finally {
      attempt.at = performance.now();
    }
    await sleep(PAUSE_MS);
  }
  return undefined;
}

async function watch({ client, watchMs, signal }: Sending, ref: JobRef, { kind }: Order): Promise<Sight> {
  const sight: Sight = { jobId: ref.id, by: "core", statuses: [] };
  const identityIds = new Set<string>();
  const began = performance.now();
  try {
    for await (const { status, identityId } of client.jobs.watch(ref, { timeoutMs: watchMs, signal })) {
      sight.statuses.push(status);
      if (kind === "enrol" && identityId !== undefined) identityIds.add(identityId);
    }
    sight.ms = performance.now() - began;
  } catch (error) {
    sight.failure = nameOf(error);
  }
  if (kind === "enrol") sight.identityIds = [...identityIds];
  return sight;
}

/** In groups that can be counted: without addresses and ids. */
export function nameOf(error: unknown): string {
  if (isApiError(error)) return `HTTP ${error.status}: ${error.message.replace(/[0-9a-f-]{36}/g, "…")}`;
  if (isConnectionError(error)) return "the connection was cut";
  if (isTimeoutError(error)) return "no answer in time";
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 120) : String(error);
}
