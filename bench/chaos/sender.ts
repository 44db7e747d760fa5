import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isApiError, isConnectionError, isTimeoutError, type Client, type JobRef } from "@prosopon/core";

/** One POST: what its sender knows of it. */
export interface Attempt {
  account: string;
  kind: "enrol" | "search";
  /** Travels as the external id of an enrolment; the same for all attempts at one. */
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
  /** How the watch broke off, where it did before a final state. */
  failure?: string;
  /** From the acknowledgement to the final state, ms. */
  ms?: number;
}

export interface Sending {
  client: Client;
  account: string;
  photo(): Uint8Array<ArrayBuffer>;
  /** The next job's kind; waits until it may be sent, undefined when there is no more. */
  next(): Promise<"enrol" | "search" | undefined>;
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
  for (let kind = await sending.next(); kind; kind = await sending.next()) {
    const ref = await acknowledged(sending, kind);
    if (!ref) return;
    const also = sending.alsoWatch(ref);
    sending.sights.push(await watch(sending, ref));
    if (also) sending.sights.push(await also);
  }
}

async function acknowledged(sending: Sending, kind: "enrol" | "search"): Promise<JobRef | undefined> {
  const { client, account, attempts, signal } = sending;
  const tag = randomUUID();
  const photo = sending.photo();
  while (!signal.aborted) {
    const attempt: Attempt = { account, kind, tag, at: 0 };
    attempts.push(attempt);
    try {
      const ref =
        kind === "enrol"
          ? await client.identities.create({ images: [photo], externalId: tag }, { signal })
          : await client.identities.search({ image: photo, maxResult: 3 }, { signal });
      attempt.jobId = ref.id;
      return ref;
    } catch (error) {
      attempt.failure = nameOf(error);
    } finally {
      attempt.at = performance.now();
    }
    await sleep(PAUSE_MS);
  }
  return undefined;
}

async function watch({ client, watchMs, signal }: Sending, ref: JobRef): Promise<Sight> {
  const sight: Sight = { jobId: ref.id, by: "core", statuses: [] };
  const began = performance.now();
  try {
    for await (const state of client.jobs.watch(ref, { timeoutMs: watchMs, signal }))
      sight.statuses.push(state.status);
    sight.ms = performance.now() - began;
  } catch (error) {
    sight.failure = nameOf(error);
  }
  return sight;
}

/** In groups that can be counted: without addresses and ids. */
export function nameOf(error: unknown): string {
  if (isApiError(error)) return `HTTP ${error.status}: ${error.message.replace(/[0-9a-f-]{36}/g, "…")}`;
  if (isConnectionError(error)) return "the connection was cut";
  if (isTimeoutError(error)) return "no answer in time";
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 120) : String(error);
}
