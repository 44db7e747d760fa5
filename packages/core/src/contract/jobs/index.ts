import * as v from "valibot";
import { compare } from "./compare.ts";
import { detect } from "./detect.ts";
import { addImages, enrol } from "./enrol.ts";
import { identify } from "./identify.ts";
import type { KindOfJob } from "./kind.ts";
import { recognize } from "./recognize.ts";
import { search } from "./search.ts";
import { JobStatus } from "./status.ts";

export { ComparedFace, CompareResult } from "./compare.ts";
export { DetectResult } from "./detect.ts";
export { type DocumentedAnswer, RecognitionResult, SearchMatch } from "./documented.ts";
export { EnrolmentAnswer, EnrolmentResult, GuardWarning } from "./enrol.ts";
export { IdentifiedFace, IdentifyResult } from "./identify.ts";
export { type KindOfJob } from "./kind.ts";
export { RecognitionAnswer, RecognizeResult } from "./recognize.ts";
export { Decision, LISTED_SCORE, RECOGNIZED_SCORE, Score } from "./score.ts";
export { Candidate, SearchAnswer, SearchResult } from "./search.ts";
export { DetectedFace, SeenFace, SeenImage } from "./seen.ts";
export { AcceptedJobStatus, isFinalStatus, JobStatus } from "./status.ts";

/** All kinds of job. Whatever differs by kind, here and in the service, is looked up by this list. */
export const jobKinds = [enrol, addImages, search, recognize, detect, compare, identify] as const;

type Kinds = typeof jobKinds;
type NamesOf<All extends readonly { kind: string }[]> = { [I in keyof All]: All[I]["kind"] };
type AnyKind = KindOfJob<Kinds[number]["kind"], v.GenericSchema>;
const all: readonly AnyKind[] = jobKinds;

export const JobKind = v.picklist(jobKinds.map(({ kind }) => kind) as unknown as NamesOf<Kinds>);
export type JobKind = v.InferOutput<typeof JobKind>;

export function kindOfJob(kind: JobKind): AnyKind {
  return all.find((known) => known.kind === kind)!;
}

/** Of each documented status route the first kind that it tells of. */
export const documentedKinds: readonly JobKind[] = [
  ...new Map(all.toReversed().map(({ kind, documented }) => [documented?.path, kind])).values(),
].toReversed();

/** Answer of every job-starting POST and PUT: exactly one key. */
export const JobCreated = v.object({ job_id: v.string() });
export type JobCreated = v.InferOutput<typeof JobCreated>;

/** Answer of `POST /v1/jobs/{id}/retry`: the job that the dead one was started anew as. */
export const JobRetried = v.object({ job_id: v.string(), kind: JobKind });
export type JobRetried = v.InferOutput<typeof JobRetried>;

/** What may still be done about a job that died. */
export const DeadJob = v.object({
  /** Its images are kept so long, and it can be retried. RFC 3339, UTC. */
  until: v.string(),
  /** The job that it was retried as. */
  retried_as: v.optional(v.string()),
});
export type DeadJob = v.InferOutput<typeof DeadJob>;

const common = {
  job_id: v.string(),
  status: JobStatus,
  /** RFC 3339, UTC. */
  created_at: v.string(),
  started_at: v.optional(v.string()),
  finished_at: v.optional(v.string()),
  /** How often a worker has begun it. */
  attempts: v.number(),
  /** The identity it made, changed or compared with, once known. */
  identity_id: v.optional(v.string()),
  /** Failed: which image and why, for a person. */
  error: v.optional(v.string()),
  /** Failed because its tries were used up, not for what was sent. */
  dead: v.optional(DeadJob),
};

/** A job of one kind. */
type JobSchema<K extends KindOfJob<string, v.GenericSchema>> = v.ObjectSchema<
  typeof common & {
    kind: v.LiteralSchema<K["kind"], undefined>;
    result: v.OptionalSchema<K["result"], undefined>;
  },
  undefined
>;

type SchemasOf<All extends readonly KindOfJob<string, v.GenericSchema>[]> = {
  [I in keyof All]: JobSchema<All[I]>;
};

export const jobSchemas = all.map((of) =>
  v.object({ ...common, kind: v.literal(of.kind), result: v.optional(of.result) }),
) as unknown as SchemasOf<Kinds>;

/** `GET /v1/jobs/{id}`: all kinds; the result is its kind's. */
export const Job = v.variant("kind", jobSchemas);
export type Job = v.InferOutput<typeof Job>;
export type JobOf<K extends JobKind> = Extract<Job, { kind: K }>;
export type JobResult = NonNullable<Job["result"]>;

export const JobList = v.object({ jobs: v.array(Job), next_cursor: v.optional(v.string()) });
export type JobList = v.InferOutput<typeof JobList>;
