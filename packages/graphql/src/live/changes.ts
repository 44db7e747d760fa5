import type { Client, JobChange, JobState } from "@prosopon/core";
import { type AcceptedJobStatus, isFinalStatus } from "@prosopon/core/contract";
import type { AccountChange, Changes } from "../context.ts";
import { NotFoundError, UnauthorizedError, UnsupportedByUpstreamError } from "../errors.ts";
import { type JobView, recordState, viewOf } from "../job-view.ts";
import { upstream } from "../upstream.ts";
import type { Feed } from "./feed.ts";
import type { AccountStream } from "./account-stream.ts";
import type { Sessions } from "./sessions.ts";
import { untilReturned } from "./until-returned.ts";

/** Follows that poll a server without events; core ends a watch after two minutes unless told. */
const WATCH_MS = 24 * 60 * 60_000;
/** The longest delay that timers take; a token that lives longer is looked at again upstream. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export interface Caller {
  client: Client;
  token: string | undefined;
  tokenExpiresAt: number | undefined;
}

/** The live jobs of one caller. `streamOf` is undefined for a server without events. */
export function createChanges(
  caller: Caller,
  sessions: Sessions,
  streamOf: (client: Client) => Promise<AccountStream | undefined>,
): Changes {
  const bound = (feed: Feed<JobChange>, signal: AbortSignal) => bindToSession(feed, caller, sessions, signal);
  const { client } = caller;
  return {
    of: (jobId) =>
      untilReturned(async function* (signal) {
        const stream = await upstream(streamOf(client));
        if (!stream) {
          yield* polled(client, jobId, signal);
          return;
        }
        const feed = bound(stream.follow(client, jobId), signal);
        try {
          const first = await upstream(stream.read(jobId));
          if (!first) throw new NotFoundError(`This account has no job ${jobId}.`, ["id"]);
          const fresh = eachStatusOnce();
          fresh(first.status);
          yield viewOf(first);
          if (first.done) return;
          for await (const { status } of translated(feed)) {
            if (fresh(status)) yield { id: jobId, kind: first.kind, status };
            if (isFinalStatus(status)) return;
          }
        } finally {
          await feed.return?.();
        }
      }),

    all: (after) =>
      untilReturned(async function* (signal) {
        const stream = await upstream(streamOf(client));
        if (!stream)
          throw new UnsupportedByUpstreamError(
            "The server behind this gateway has no event stream. Follow single jobs with jobUpdated.",
          );
        const told = new Map<string, AcceptedJobStatus>();
        const { cursor } = stream;
        let feed = stream.followAll(client, after);
        if (feed) bound(feed, signal);
        try {
          if (after === undefined && cursor !== undefined) {
            // Others follow already, so the upstream does not tell the unfinished jobs once more.
            for await (const state of unfinished(client)) {
              told.set(state.id, state.status);
              yield { cursor, job: viewOf(state) };
            }
          }
          if (!feed && after !== undefined) {
            for await (const change of client.events.watch({ cursor: after, signal })) {
              yield* named(stream, change);
              feed = stream.followAll(client, change.cursor);
              if (feed) break;
            }
            if (feed) bound(feed, signal);
          }
          for await (const change of translated(feed)) {
            if (told.get(change.id) === change.status) continue;
            told.delete(change.id);
            yield* named(stream, change);
          }
        } finally {
          await feed?.return?.();
        }
      }),
  };
}

/** Nothing for a job that has been forgotten since. */
async function* named(
  stream: AccountStream,
  { id, status, cursor }: JobChange,
): AsyncGenerator<AccountChange, void, undefined> {
  const kind = await upstream(stream.kindOf(id));
  if (kind) yield { cursor, job: { id, kind, status } };
}

async function* translated(feed: Feed<JobChange> | undefined): AsyncGenerator<JobChange, void, undefined> {
  if (!feed) return;
  for (;;) {
    const { done, value } = await upstream(feed.next());
    if (done) return;
    yield value;
  }
}

/** Ends with the subscription, with the session that it was opened in and, at the latest, with the token. */
function bindToSession(
  feed: Feed<JobChange>,
  { client, token, tokenExpiresAt }: Caller,
  sessions: Sessions,
  signal: AbortSignal,
): Feed<JobChange> {
  signal.addEventListener("abort", () => feed.end());
  if (signal.aborted) feed.end();
  if (token !== undefined) {
    const stop = sessions.watch(token, client, () =>
      feed.end(new UnauthorizedError("Your session has ended: sign in and subscribe again.")),
    );
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  }
  if (tokenExpiresAt !== undefined) {
    const left = Math.min(TIMER_MAX_MS, tokenExpiresAt - Date.now());
    const timer = setTimeout(
      () => feed.end(new UnauthorizedError("Your access token has ended: refresh it and subscribe again.")),
      left,
    );
    signal.addEventListener("abort", () => clearTimeout(timer));
  }
  return feed;
}

async function* polled(
  client: Client,
  jobId: string,
  signal: AbortSignal,
): AsyncGenerator<JobView, void, undefined> {
  const states = client.jobs.watch(jobId, { signal, timeoutMs: WATCH_MS });
  try {
    for (;;) {
      const { done, value } = await upstream(states.next(), { id: ["id"] });
      if (done) return;
      yield viewOf(value);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** All of them, page by page. One that starts meanwhile is told twice, and one that goes back is told by its change. */
async function* unfinished(client: Client): AsyncGenerator<JobState, void, undefined> {
  for (const status of ["Sent", "Started"] as const) {
    let cursor: string | undefined;
    do {
      const page = await upstream(
        client.jobs.list({ status, limit: PAGE_MAX, ...(cursor !== undefined && { cursor }) }),
      );
      yield* page.items.map(recordState);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
}

/** Of the REST API. */
const PAGE_MAX = 100;

/** A job that is tried again does not go back for those who follow it. */
function eachStatusOnce(): (status: AcceptedJobStatus) => boolean {
  const seen = new Set<AcceptedJobStatus>();
  return (status) => {
    if (seen.has(status) || (status === "Sent" && seen.size > 0)) return false;
    seen.add(status);
    return true;
  };
}
