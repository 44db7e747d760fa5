import pg from "pg";

/**
 * Connection failures (class 08), shutdown and start-up (57P01 to 57P03), closed as idle or too long (57P05, 25P03, 25P04), no
 * connection left (53300, 53400). A container that is down takes its name along (ENOTFOUND).
 */
const OUTAGE =
  /^(08...|57P0[1235]|25P0[34]|53[34]00|ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENET(UNREACH|DOWN)|EAI_AGAIN|ENOTFOUND)$/;
/** What node-postgres says without a code when the connection breaks under a query. */
const BROKEN =
  /Connection terminated|connection timeout|timeout exceeded when trying to connect|not queryable|connection error/i;

/** The database is away, and may come back. */
export function isOutage(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isOutage);
  const { code, message } = error as { code?: string; message?: string };
  return code === undefined ? BROKEN.test(message ?? "") : OUTAGE.test(code);
}

/** A connection could not be had, for whatever reason: nothing was done. */
export class Unconnected extends Error {}

/** What keeps the database from being used as it is, whatever the statement, and passes when it is mended there. */
export type Trouble = "away" | "refused" | "read-only" | "full" | "slow" | "failing";

export function troubleOf(error: unknown): Trouble | undefined {
  if (error instanceof Unconnected)
    return (error.cause === undefined ? undefined : troubleOf(error.cause)) ?? "away";
  const { code = "" } = error as { code?: string };
  if (isOutage(error) || isSilence(error)) return "away";
  // Wrong password, NOLOGIN, pg_hba.conf, the database dropped or renamed, rights taken away.
  if (/^(28...|3D000|57P04|42501)$/.test(code)) return "refused";
  // A standby, or a primary that was demoted under a connection.
  if (code === "25006") return "read-only";
  if (code === "53100") return "full";
  // Over statement_timeout or lock_timeout, or cancelled.
  if (code === "57014" || isLockTimeout(error)) return "slow";
  // Out of memory or other resources; a disk that fails.
  if (/^(53...|58...)$/.test(code)) return "failing";
  return undefined;
}

/** Serialisation failure or deadlock: the same again may succeed. */
export function isConflict(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "40001" || code === "40P01";
}

/** A migration changed what a prepared statement of this connection answers: nothing was done, and another connection does it. */
export function isStale(error: unknown): error is Error {
  return error instanceof pg.DatabaseError && error.code === "0A000" && error.message.includes("cached plan");
}

export function isUniqueViolation(error: unknown): boolean {
  return (error as { code?: string }).code === "23505";
}

/** The server goes down (57P01, 57P02) or starts (57P03); `cause` where a migration was cut short by it. */
export function isRestart(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return /^57P0[123]$/.test(code ?? "") || (cause instanceof pg.DatabaseError && isRestart(cause));
}

/** Waited for a lock longer than `lock_timeout` allows. */
export function isLockTimeout(error: unknown): boolean {
  return (error as { code?: string }).code === "55P03";
}

/** No answer within the client's limit: the connection broke without a word, or the statement runs on. */
export function isSilence(error: unknown): error is Error {
  return error instanceof Error && error.message === "Query read timeout";
}

/** PostgreSQL quotes whole rows in these: external ids, metadata, embeddings. Errors end in logs. */
export function withoutValues(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) {
    error.detail = undefined;
    error.where = undefined;
    error.internalQuery = undefined;
  }
  return error;
}
