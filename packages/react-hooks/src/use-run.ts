import { useCallback, useContext, useEffect, useRef, useState } from "react";
import type { AnyVariables, TypedDocumentNode } from "@urql/core";
import { useClient } from "urql";
import { FetchContext } from "./fetch-context.ts";
import { uploadFetch } from "./upload-fetch.ts";
import { type JobDetail, useJob } from "./use-job.ts";

/** What a page shows of the way from photos to a result. */
export type RunPhase = "idle" | "uploading" | "sent" | "started" | "succeeded" | "failed" | "cancelled";

export interface RunFailure {
  /** For a person: what is wrong and what to do. */
  message: string;
  /** The gateway's code, e.g. `BAD_IMAGE`; `NETWORK` where it was out of reach, `JOB_FAILED` where the work was. */
  code: string;
  /** Where in the input, e.g. `["input", "images", "1"]`. */
  path: string[];
}

export interface Run<Input> {
  phase: RunPhase;
  /** Of the upload, 0 to 1. */
  progress: number;
  job: JobDetail | undefined;
  failure: RunFailure | undefined;
  /** Whether something is under way. */
  busy: boolean;
  start: (input: Input) => void;
  /** Stops the upload; once the server has the photos, stops following its work, which goes on. */
  cancel: () => void;
  /** Back to `idle`. */
  reset: () => void;
}

interface State {
  phase: "idle" | "uploading" | "following" | "failed" | "cancelled";
  progress: number;
  jobId?: string;
  failure?: RunFailure;
}

type Answer = { __typename: string; id?: string; message?: string; code?: string; path?: string[] };

const idle: State = { phase: "idle", progress: 0 };

/** Sends photos by a mutation that answers its job, and follows that job to its results. */
export function useRun<Data, Input>(
  document: TypedDocumentNode<Data, { input: Input } & AnyVariables>,
): Run<Input> {
  const client = useClient();
  const plain = useContext(FetchContext);
  const [state, setState] = useState<State>(idle);
  const stop = useRef(() => {});
  useEffect(() => () => stop.current(), [client]);

  const start = useCallback(
    (input: Input) => {
      stop.current();
      setState({ phase: "uploading", progress: 0 });
      let current = true;
      const progress = (sent: number) => {
        if (current) setState((was) => (was.phase === "uploading" ? { ...was, progress: sent } : was));
      };
      // The client tears down queries and subscriptions that nobody waits for, but never a mutation.
      const controller = new AbortController();
      const send = plain ?? uploadFetch(progress);
      const abortable: typeof fetch = (url, init) =>
        send(url, {
          ...init,
          signal: AbortSignal.any([controller.signal, ...(init?.signal ? [init.signal] : [])]),
        });
      const source = client.mutation(document, { input }, { fetch: abortable });
      const { unsubscribe } = source.subscribe(({ data, error }) => {
        if (!current || (!data && !error)) return;
        const [answer] = Object.values(data ?? {}).filter(
          (value): value is Answer => typeof value === "object" && value !== null,
        );
        if (answer?.id) setState({ phase: "following", progress: 1, jobId: answer.id });
        else
          setState({
            phase: "failed",
            progress: 0,
            failure: failureOf(answer, error?.networkError, error?.graphQLErrors[0]),
          });
      });
      stop.current = () => {
        current = false;
        unsubscribe();
        controller.abort();
      };
    },
    [client, document, plain],
  );
  const cancel = useCallback(() => {
    stop.current();
    setState((was) => (was.phase === "idle" ? was : { phase: "cancelled", progress: 0 }));
  }, []);
  const reset = useCallback(() => {
    stop.current();
    setState(idle);
  }, []);

  const { job, loading, error } = useJob(state.phase === "following" ? state.jobId : undefined);
  const { phase, failure } = outcome(state, job, loading, error?.message);
  return {
    phase,
    progress: state.progress,
    job: job ?? undefined,
    failure,
    busy: phase === "uploading" || phase === "sent" || phase === "started",
    start,
    cancel,
    reset,
  };
}

function outcome(
  state: State,
  job: JobDetail | null | undefined,
  loading: boolean,
  readError: string | undefined,
): { phase: RunPhase; failure: RunFailure | undefined } {
  if (state.phase !== "following") return { phase: state.phase, failure: state.failure };
  if (job === null) return failed("The job is gone: it was deleted before it ended.", "NOT_FOUND");
  if (!job)
    return readError && !loading ? failed(readError, "NETWORK") : { phase: "sent", failure: undefined };
  if (job.status === "FAILED" || job.status === "REVOKED")
    return failed(job.error ?? "The server gave no reason.", "JOB_FAILED");
  // Succeeded is said when the results are there, so that nothing on the page is shown twice.
  if (job.status === "SUCCEEDED")
    return { phase: job.images || !loading ? "succeeded" : "started", failure: undefined };
  return { phase: job.status === "STARTED" ? "started" : "sent", failure: undefined };
}

function failed(message: string, code: string): { phase: RunPhase; failure: RunFailure } {
  return { phase: "failed", failure: { message, code, path: [] } };
}

function failureOf(
  answer: Answer | undefined,
  network: Error | undefined,
  error: { message: string; extensions?: Record<string, unknown> } | undefined,
): RunFailure {
  if (answer?.message)
    return { message: answer.message, code: answer.code ?? "UNKNOWN", path: answer.path ?? [] };
  const code = error?.extensions?.["code"];
  if (error) return { message: error.message, code: typeof code === "string" ? code : "UNKNOWN", path: [] };
  const reason = network
    ? "The server does not answer. Check that it is running, then try again."
    : "The server gave no answer.";
  return { message: reason, code: "NETWORK", path: [] };
}
