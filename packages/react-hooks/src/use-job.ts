import { useEffect, useMemo } from "react";
import type { CombinedError } from "@urql/core";
import { useJobQuery, useJobUpdatedSubscription } from "./generated/hooks.ts";
import type { JobQuery } from "./generated/operations.ts";

export type JobDetail = NonNullable<JobQuery["job"]>;

export interface UseJob {
  /** Undefined until it is known; null where the account has no such job. */
  job: JobDetail | null | undefined;
  /** Whether the results are still on their way. */
  loading: boolean;
  error: CombinedError | undefined;
}

/** How often a job is read where no socket can be had, milliseconds. */
const POLL_MS = 2_000;

/**
 * A job as it is, then each of its changes up to the last, and then its results.
 * Starts from the query and follows the subscription; without a socket it polls.
 */
export function useJob(id: string | undefined): UseJob {
  const variables = { id: id ?? "" };
  const [query, reread] = useJobQuery({ variables, pause: id === undefined });
  const read = id === undefined ? undefined : query.data?.job;
  const ended = read?.done === true || read === null;
  const [live] = useJobUpdatedSubscription({ variables, pause: id === undefined || ended });
  const told = live.data?.jobUpdated;
  const news = told !== undefined && told.id === read?.id ? told : undefined;

  // The answer to the query may be older than the event that overtook it.
  const behind = news?.done === true && read?.done === false && !query.fetching && !query.stale;
  useEffect(() => {
    if (behind) reread({ requestPolicy: "network-only" });
  }, [behind, reread]);

  const deaf = live.error !== undefined && !ended && id !== undefined;
  useEffect(() => {
    if (!deaf) return;
    const timer = setInterval(() => reread({ requestPolicy: "network-only" }), POLL_MS);
    return () => clearInterval(timer);
  }, [deaf, reread]);

  const job = useMemo(
    () => (read && news?.done && !read.done ? { ...read, ...pickState(news) } : read),
    [read, news],
  );
  return { job, loading: id !== undefined && (query.fetching || query.stale || behind), error: query.error };
}

function pickState({
  status,
  done,
  startedAt,
  finishedAt,
  attempts,
  error,
  dead,
}: Pick<JobDetail, "status" | "done" | "startedAt" | "finishedAt" | "attempts" | "error" | "dead">) {
  return { status, done, startedAt, finishedAt, attempts, error, dead };
}
