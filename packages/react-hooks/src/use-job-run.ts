import type { AnyVariables, TypedDocumentNode } from "@urql/core";
import type { JobDetail } from "./use-job.ts";
import { type Run, useRun } from "./use-run.ts";

/** A run whose job, once it is known, is of one type. */
export type JobRun<Input, Name extends JobDetail["__typename"]> = Omit<Run<Input>, "job"> & {
  job: Extract<JobDetail, { __typename: Name }> | undefined;
};

/** Starts a job by a mutation, and follows it to its results. @param type of the job that the mutation starts */
export function useJobRun<Data, Input, Name extends JobDetail["__typename"]>(
  document: TypedDocumentNode<Data, { input: Input } & AnyVariables>,
  type: Name,
): JobRun<Input, Name> {
  const { job, ...run } = useRun<Data, Input>(document);
  const isOfType = (one: JobDetail): one is Extract<JobDetail, { __typename: Name }> =>
    one.__typename === type;
  return { ...run, job: job && isOfType(job) ? job : undefined };
}
