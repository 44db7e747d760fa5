import pg from "pg";
import { type Database, types } from "../../database.ts";

export interface Session {
  query: Database["read"];
  /** Ends it at once; PostgreSQL notices within seconds and breaks off what it was doing. */
  cut(): void;
}

/**
 * A build that does not fit is several times slower. About 700 bytes a face: 1.5 million fit, and one build runs at a time.
 */
const BUILD_MEMORY = "1GB";

/** One connection of its own for work that takes minutes and holds a lock of the session. */
export async function withSession(url: string, work: (session: Session) => Promise<void>): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    types,
    keepAlive: true,
    connectionTimeoutMillis: 15_000,
    application_name: "prosopon indexes",
  });
  client.on("error", () => {});
  let cut = false;
  const gone = new Promise<never>((_, reject) => {
    client.once("end", () => reject(new Error("The connection to PostgreSQL ended.")));
  });
  gone.catch(() => {});
  const query = async <R>(sql: string, values: readonly unknown[] = []): Promise<R[]> => {
    const answer = client.query(sql, values as unknown[]);
    answer.catch(() => {});
    return (await Promise.race([answer, gone])).rows as R[];
  };
  try {
    await client.connect();
    // One core, so that enrolments and searches keep the others.
    await query(
      `SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
       SET client_connection_check_interval = '5s'; SET maintenance_work_mem = '${BUILD_MEMORY}'; SET max_parallel_maintenance_workers = 0`,
    );
    await work({
      query,
      cut() {
        cut = true;
        void client.end().catch(() => {});
      },
    });
  } finally {
    if (!cut) await client.end().catch(() => {});
  }
}
