import type { Client, JobChange, JobState } from "@prosopon/core";
import type { JobKind } from "@prosopon/core/contract";
import DataLoader from "dataloader";
import { BATCH_MAX, readJobs } from "../reads.ts";
import { isUnauthorized } from "../upstream.ts";
import { createFeed, type Feed } from "./feed.ts";
import { createLookout } from "./lookout.ts";

/** Changes kept for subscribers who come back. */
const RING_MAX = 1_000;

/** One upstream stream for all subscribers of an account: opened for the first, closed after the last. */
export interface AccountStream {
  /** Cursor of the newest change that was seen; undefined before the first. */
  readonly cursor: string | undefined;
  /** Changes of one job, from now on. */
  follow(client: Client, jobId: string): Feed<JobChange>;
  /** All changes after a cursor, or from now on without one; undefined when the cursor is not at hand. */
  followAll(client: Client, after: string | undefined): Feed<JobChange> | undefined;
  /** A job as it is now; asked together with others of the same moment. */
  read(jobId: string): Promise<JobState | null>;
  /** An event does not carry it; asked once per job. Undefined for a job that is gone. */
  kindOf(jobId: string): Promise<JobKind | undefined>;
  /** Ends every subscription. */
  close(): void;
}

interface Member {
  client: Client;
  /** undefined: all jobs. */
  jobId: string | undefined;
}

export function createAccountStream(onIdle: () => void): AccountStream {
  const members = new Map<Feed<JobChange>, Member>();
  const ring: JobChange[] = [];
  let cursor: string | undefined;
  let running: AbortController | undefined;
  let latest: Client | undefined;

  /** Any subscriber's client will do: they are all of one account. The newest one's token lives longest. */
  const anyClient = (): Client | undefined => [...members.values()].at(-1)?.client;

  const publish = (change: JobChange): void => {
    for (const [feed, { jobId }] of members)
      if (jobId === undefined || jobId === change.id) feed.push(change);
  };

  const jobs = new DataLoader<string, JobState | null>(
    async (ids) => {
      // Whoever joined last may have been ended already, by a stream that failed at once.
      const client = anyClient() ?? latest;
      return client ? readJobs(ids, { client }) : ids.map(() => null);
    },
    { cache: false, maxBatchSize: BATCH_MAX, batchScheduleFn: (callback) => setTimeout(callback, 2) },
  );

  const kinds = new Map<string, JobKind>();
  const kindOf = async (jobId: string): Promise<JobKind | undefined> => {
    const known = kinds.get(jobId) ?? (await jobs.load(jobId))?.kind;
    if (known) kinds.set(jobId, known);
    const oldest = kinds.size > RING_MAX ? kinds.keys().next().value : undefined;
    if (oldest !== undefined) kinds.delete(oldest);
    return known;
  };

  const lookout = createLookout(async () => {
    const ids = new Set([...members.values()].flatMap(({ jobId }) => jobId ?? []));
    const states = await Promise.all([...ids].map((id) => jobs.load(id)));
    for (const state of states) {
      // Without a cursor of its own: it tells the followers of the job, not those who resume.
      for (const [feed, { jobId }] of members)
        if (state && jobId === state.id)
          feed.push({ id: state.id, status: state.status as JobChange["status"], cursor: "" });
    }
  });

  const run = async (controller: AbortController): Promise<void> => {
    for (let client = anyClient(); client && !controller.signal.aborted; client = anyClient()) {
      try {
        for await (const change of client.events.watch({
          signal: controller.signal,
          ...(cursor !== undefined && { cursor }),
        })) {
          cursor = change.cursor;
          ring.push(change);
          if (ring.length > RING_MAX) ring.shift();
          publish(change);
        }
        return;
      } catch (error) {
        if (controller.signal.aborted) return;
        // A token that has ended takes its own subscribers along; the stream goes on with another's.
        const lost = isUnauthorized(error)
          ? [...members].filter(([, member]) => member.client === client)
          : [...members];
        for (const [feed] of lost) feed.end(error);
      }
    }
  };

  const join = (member: Member, missed: readonly JobChange[]): Feed<JobChange> => {
    const feed: Feed<JobChange> = createFeed(() => {
      members.delete(feed);
      if (members.size > 0) return;
      running?.abort();
      running = undefined;
      lookout.stop();
      onIdle();
    });
    for (const change of missed) feed.push(change);
    members.set(feed, member);
    latest = member.client;
    if (!running) {
      running = new AbortController();
      void run(running);
    }
    if (member.jobId !== undefined) lookout.soon();
    return feed;
  };

  return {
    get cursor() {
      return cursor;
    },
    follow: (client, jobId) => join({ client, jobId }, []),
    followAll(client, after) {
      const member = { client, jobId: undefined };
      if (after === undefined || after === cursor) return join(member, []);
      if (!running) {
        cursor = after;
        return join(member, []);
      }
      const at = ring.findLastIndex((change) => change.cursor === after);
      return at === -1 ? undefined : join(member, ring.slice(at + 1));
    },
    read: (jobId) => jobs.load(jobId),
    kindOf,
    close() {
      for (const feed of members.keys()) feed.end();
    },
  };
}
