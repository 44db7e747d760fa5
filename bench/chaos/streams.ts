import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@prosopon/core";
import { createClient } from "graphql-ws";
import { nameOf, type Sight } from "./sender.ts";

/** What one subscriber of a whole account was told, in the order in which it was told. */
export interface Stream {
  account: string;
  by: "sse" | "websocket" | "graphql";
  told: { seq: number; jobId: string; status: string }[];
  /** How often it began again after its cursor, by the reason. Core's client does that unseen. */
  resumed: Map<string, number>;
  /** Why it ended for good although nobody asked it to. */
  failure?: string;
}

/** From the beginning, so that the first connection may die before its first event. */
const BEGINNING = "0";

export async function followStream(client: Client, stream: Stream, signal: AbortSignal): Promise<void> {
  try {
    for await (const { id, status, cursor } of client.events.watch({ cursor: BEGINNING, signal }))
      stream.told.push({ seq: Number(cursor), jobId: id, status });
  } catch (error) {
    if (!signal.aborted) stream.failure = nameOf(error);
  }
}

export interface GraphqlAt {
  /** http. */
  url: string;
  token(): Promise<string>;
}

/** All changes of the account, through a socket that is opened again with `after` whenever it is cut. */
export async function followGraphql(at: GraphqlAt, stream: Stream, signal: AbortSignal): Promise<void> {
  const query =
    "subscription ($after: String) { jobsUpdated(after: $after) { cursor job { jobId status } } }";
  let after = BEGINNING;
  while (!signal.aborted) {
    const reason = await subscribe(at, { query, variables: { after } }, signal, ({ jobsUpdated }) => {
      if (!jobsUpdated) return;
      const { cursor, job } = jobsUpdated;
      after = cursor;
      stream.told.push({ seq: Number(cursor), jobId: job.jobId, status: titled(job.status) });
    });
    if (signal.aborted) return;
    stream.resumed.set(reason, (stream.resumed.get(reason) ?? 0) + 1);
    await sleep(100);
  }
}

/** One job by `jobUpdated`, which tells the present state first after each reconnect. */
export async function watchByGraphql(at: GraphqlAt, jobId: string, signal: AbortSignal): Promise<Sight> {
  const sight: Sight = { jobId, by: "graphql", statuses: [] };
  const query = "subscription ($id: ID!) { jobUpdated(id: $id) { status done } }";
  const began = performance.now();
  const ended = new AbortController();
  const over = AbortSignal.any([signal, ended.signal]);
  while (!over.aborted) {
    const before = new Set(sight.statuses);
    await subscribe(at, { query, variables: { id: jobId } }, signal, ({ jobUpdated }) => {
      if (!jobUpdated) return;
      const status = titled(jobUpdated.status);
      // A new subscription begins with the present state: what the last one told, or Sent again of a job that met an outage.
      if (!before.delete(status)) sight.statuses.push(status);
      if (jobUpdated.done) ended.abort();
    });
    await sleep(100, undefined, { signal: over }).catch(() => {});
  }
  if (!ended.signal.aborted) return { ...sight, failure: "no final state in time" };
  return { ...sight, ms: performance.now() - began };
}

interface Told extends Record<string, unknown> {
  jobsUpdated?: { cursor: string; job: { jobId: string; status: string } };
  jobUpdated?: { status: string; done: boolean };
}

/** One socket and one subscription, until either ends. Says why. */
async function subscribe(
  { url, token }: GraphqlAt,
  operation: { query: string; variables: Record<string, unknown> },
  signal: AbortSignal,
  onData: (data: Told) => void,
): Promise<string> {
  const socket = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    connectionParams: async () => ({ token: await token() }),
    retryAttempts: 0,
    lazy: true,
  });
  const end = () => socket.terminate();
  signal.addEventListener("abort", end);
  try {
    for await (const { data, errors } of socket.iterate<Told>(operation)) {
      if (errors?.length) return errors.map(({ message }) => message).join("; ");
      if (data) onData(data);
    }
    return "ended";
  } catch (error) {
    return reasonOf(error);
  } finally {
    signal.removeEventListener("abort", end);
    socket.terminate();
  }
}

function reasonOf(error: unknown): string {
  if (Array.isArray(error)) return error.map((each: { message?: string }) => each.message ?? "").join("; ");
  const { code, reason } = error as { code?: number; reason?: string };
  if (code !== undefined) return `socket closed (${code}${reason ? ` ${reason}` : ""})`;
  return error instanceof ErrorEvent ? "the socket broke or did not open" : nameOf(error);
}

const titled = (status: string): string => status.charAt(0) + status.slice(1).toLowerCase();
