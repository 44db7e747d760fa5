import { randomBytes } from "node:crypto";
import type { Database } from "../database.ts";
import { CHANNEL, encode } from "./message.ts";

export interface Notifier {
  /** Marks this node's own messages. */
  origin: string;
  moved(account: number, seq: number): void;
  due(): void;
  close(): Promise<void>;
}

/** Accounts of one message: PostgreSQL takes 8,000 bytes at most. */
const ACCOUNTS = 250;
/** A hint later than this is of no use: the others have looked by themselves. Milliseconds. */
const SEND_MS = 5_000;

/**
 * Sends after the commit, many commits' news in one message, and not inside the transactions: PostgreSQL lets only one
 * transaction with a notification commit at a time, through to the disk's flush (decisions/021). What a node could not send because it
 * died, the others find when they look at the heads.
 */
export function createNotifier({ maintain }: Database): Notifier {
  const origin = randomBytes(6).toString("base64url");
  const moved = new Map<number, number>();
  let due = false;
  let sending: Promise<void> | undefined;

  async function send(): Promise<void> {
    while (moved.size > 0 || due) {
      const heads = [...moved].slice(0, ACCOUNTS);
      for (const [account] of heads) moved.delete(account);
      const message = encode({ origin, due, heads });
      due = false;
      // The message is made of numbers and base64url.
      await maintain(`NOTIFY ${CHANNEL}, '${message}'`, SEND_MS).catch(() => {});
    }
    sending = undefined;
  }

  function soon(): void {
    // In the next turn: what else this one commits goes along.
    sending ??= new Promise((resolve) => setImmediate(resolve)).then(send);
  }

  return {
    origin,
    moved(account, seq) {
      moved.set(account, Math.max(seq, moved.get(account) ?? 0));
      soon();
    },
    due() {
      due = true;
      soon();
    },
    close: async () => sending,
  };
}
