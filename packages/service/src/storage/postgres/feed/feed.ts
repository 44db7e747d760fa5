import type { Storage, StoredEvent } from "../../types.ts";
import type { Database } from "../database.ts";
import { createCatchUp } from "./catch-up.ts";
import { openListener } from "./listener.ts";
import { createNotifier } from "./notifier.ts";
import { subscribe, tell } from "../../listeners.ts";
import type { Address } from "../address.ts";

export interface Feed extends Pick<Storage["events"], "listen" | "onDue"> {
  /** After a commit of this node: tells its listeners and, behind that, the other nodes. Of one account in order of seq. */
  committed(events: readonly { account: number; event: StoredEvent }[]): void;
  /** After a commit of this node: a job may be due. */
  due(): void;
  close(): Promise<void>;
}

/** How often heads are read in case a notification was lost: its node died, or the listening connection broke unnoticed. */
const POLL_MS = 2_000;
const POLL_UNHEARD_MS = 250;

/**
 * Every node tells its listeners all events of all accounts, each account's in order, once. Notifications carry only
 * numbers of accounts and events: hints where to read on. A lost one costs time, never an event.
 */
export async function createFeed(database: Database, listenUrl: Address): Promise<Feed> {
  const listeners = new Set<(event: StoredEvent) => void>();
  const dueListeners = new Set<() => void>();
  const catchUp = createCatchUp(
    database,
    (event) => tell(listeners, event),
    () => listeners.size > 0,
  );
  await catchUp.begin();
  const notifier = createNotifier(database);
  let listener: { heard(): boolean; close(): Promise<void> } | undefined;
  let poll: NodeJS.Timeout | undefined;
  let closed = false;

  function start(): void {
    if (listener || closed) return;
    listener = openListener(listenUrl, {
      origin: notifier.origin,
      hint: catchUp.want,
      due: () => tell(dueListeners, undefined),
      connected: look,
    });
    plan();
  }

  /** What was said while nobody listened. Whoever waits for due jobs looked for some as it began. */
  function look(again: boolean): void {
    void catchUp.look();
    if (again) tell(dueListeners, undefined);
  }

  function plan(): void {
    poll = setTimeout(
      () => {
        void catchUp.look().finally(() => closed || plan());
        if (!listener?.heard()) tell(dueListeners, undefined);
      },
      listener?.heard() ? POLL_MS : POLL_UNHEARD_MS,
    ).unref();
  }

  return {
    listen(callback) {
      start();
      return subscribe(listeners, callback);
    },
    onDue(callback) {
      start();
      return subscribe(dueListeners, callback);
    },
    committed(events) {
      for (const { account, event } of events) {
        catchUp.offer(account, event);
        notifier.moved(account, event.seq);
      }
    },
    due() {
      tell(dueListeners, undefined);
      notifier.due();
    },
    async close() {
      closed = true;
      clearTimeout(poll);
      catchUp.stop();
      await listener?.close();
      await notifier.close();
    },
  };
}
