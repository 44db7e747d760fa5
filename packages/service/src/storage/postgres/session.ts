import pg from "pg";
import { createBreakable } from "../../breakable.ts";
import { type Address, textOf } from "./address.ts";
import { type Database, types } from "./database.ts";
import { isPooled } from "./pooled.ts";

export interface Session {
  query: Database["read"];
  /** A pooler stands between: what is set, or locked for the session, would stay behind for whoever gets the connection next. */
  pooled: boolean;
}

/** Only where nobody else gets the connection. The server's own limits are for queries; and it notices within 5 s that it was cut. */
const ALONE = `SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
  SET client_connection_check_interval = '5s'`;

/**
 * One connection of its own for work that takes minutes. @param signal cuts it at once, and rejects; PostgreSQL breaks
 * off what it was doing, but behind a pooler goes on to its end.
 */
export async function withSession(
  url: Address,
  { name, signal }: { name: string; signal: AbortSignal },
  work: (session: Session) => Promise<void>,
): Promise<void> {
  signal.throwIfAborted();
  const client = new pg.Client({
    connectionString: textOf(url),
    types,
    keepAlive: true,
    connectionTimeoutMillis: 15_000,
    application_name: name,
  });
  client.on("error", () => {});
  const { step: orGone, fail } = createBreakable();
  client.once("end", () => fail(new Error("The connection to PostgreSQL ended.")));
  const cut = () => fail(signal.reason);
  signal.addEventListener("abort", cut);
  try {
    await orGone(client.connect());
    const pooled = await orGone(isPooled(client));
    if (!pooled) await orGone(client.query(ALONE));
    await work({
      query: async <R>(sql: string, values: readonly unknown[] = []) =>
        (await orGone(client.query(sql, values as unknown[]))).rows as R[],
      pooled,
    });
  } finally {
    signal.removeEventListener("abort", cut);
    // Under a statement it closes the connection at once, and without one in its turn.
    const ended = client.end().catch(() => {});
    if (!signal.aborted) await ended;
  }
}
