import type { OpenEvents } from "./events.ts";
import { type Queue, createQueue } from "./queue.ts";
import type { JobStatus } from "./contract/jobs/status.ts";

/** One event connection for all jobs being watched: opened for the first, closed after the last. */
export interface Hub {
  /** Statuses of one job; undefined while connections are not to be had. Leave it when done. */
  join(jobId: string): Feed | undefined;
}

export interface Feed {
  /** False: it could not be opened. */
  readonly opened: Promise<boolean>;
  /** Undefined: the connection has dropped. */
  next(): Promise<JobStatus | undefined>;
  leave(): void;
}

interface Line {
  feeds: Map<Queue<JobStatus>, string>;
  controller: AbortController;
  /** False when it did not open. */
  opened: Promise<boolean>;
}

/** After a connection that did not open, watches poll for so long before another is tried. */
const PAUSE_AFTER_FAILURE_MS = 30_000;

export function createHub(open: OpenEvents): Hub {
  let line: Line | undefined;
  let notBefore = 0;

  const connect = (): Line => {
    const controller = new AbortController();
    const feeds: Line["feeds"] = new Map();
    const opening = open(undefined, controller.signal);
    const opened = opening.then(
      () => true,
      () => {
        if (!controller.signal.aborted) notBefore = Date.now() + PAUSE_AFTER_FAILURE_MS;
        return false;
      },
    );
    const made: Line = { feeds, controller, opened };
    const run = async (): Promise<void> => {
      for await (const { id, status } of await opening) {
        for (const [feed, jobId] of feeds) if (jobId === id) feed.push(status);
      }
    };
    // Why it ended does not matter here: the watches go on by polling, and that says what is wrong.
    void run()
      .catch(() => undefined)
      .finally(() => {
        if (line === made) line = undefined;
        for (const feed of feeds.keys()) feed.end();
      });
    return made;
  };

  return {
    join(jobId) {
      if (!line && Date.now() < notBefore) return undefined;
      const joined = (line ??= connect());
      const queue = createQueue<JobStatus>();
      joined.feeds.set(queue, jobId);
      return {
        opened: joined.opened,
        next: async () => (await queue.next()).value,
        leave() {
          joined.feeds.delete(queue);
          queue.end();
          if (joined.feeds.size > 0) return;
          if (line === joined) line = undefined;
          joined.controller.abort();
        },
      };
    },
  };
}
