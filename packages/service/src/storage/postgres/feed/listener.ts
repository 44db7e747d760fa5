import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { createBreakable } from "../../../breakable.ts";
import { type Address, textOf } from "../address.ts";
import { isPooled } from "../pooled.ts";
import { CHANNEL, decode } from "./message.ts";

interface Hooks {
  /** Whose messages are echoes. */
  origin: string;
  hint(account: number, seq: number): void;
  due(): void;
  /** Listens, for the first time or again: what was said meanwhile was missed. */
  connected(again: boolean): void;
}

/** A connection that died without a word is noticed within this time and made anew. */
const BEAT_MS = 5_000;
const MAX_PAUSE_MS = 2_000;

/**
 * The one connection that must be a session of its own. Through a pooler in transaction mode LISTEN succeeds, for a connection
 * that the next transaction need not have: nothing is `heard` then, whether or not something arrives.
 */
export function openListener(url: Address, hooks: Hooks): { heard(): boolean; close(): Promise<void> } {
  const stop = new AbortController();
  let heard = false;
  let before = false;
  let current: pg.Client | undefined;

  async function session(): Promise<void> {
    const client = new pg.Client({
      connectionString: textOf(url),
      keepAlive: true,
      connectionTimeoutMillis: BEAT_MS,
      query_timeout: BEAT_MS,
      application_name: "prosopon events",
    });
    const { step: orEnded, fail: ended } = createBreakable();
    client.once("end", () => ended(new Error("The connection to PostgreSQL ended."))).on("error", ended);
    client.on("notification", ({ payload = "" }) => {
      const message = decode(payload);
      if (!message || message.origin === hooks.origin) return;
      for (const [account, seq] of message.heads) hooks.hint(account, seq);
      if (message.due) hooks.due();
    });
    current = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      const pooled = await isPooled(client);
      if (stop.signal.aborted) return;
      heard = !pooled;
      hooks.connected(before);
      before = true;
      for (;;) {
        await orEnded(sleep(BEAT_MS, undefined, { signal: stop.signal, ref: false }));
        await client.query("SELECT 1");
      }
    } finally {
      heard = false;
      client.end().catch(() => {});
    }
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stop.signal.aborted; failures++) {
      const began = performance.now();
      await session().catch(() => {});
      if (performance.now() - began > BEAT_MS) failures = 0;
      await sleep(Math.min(50 * 2 ** failures, MAX_PAUSE_MS) * (0.5 + Math.random() / 2), undefined, {
        signal: stop.signal,
        ref: false,
      }).catch(() => {});
    }
  }
  const running = run();

  return {
    heard: () => heard,
    async close() {
      stop.abort();
      current?.end().catch(() => {});
      await running;
    },
  };
}
