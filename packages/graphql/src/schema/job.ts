import {
  isFinalStatus,
  JobKind as Kinds,
  type DeadJob as Dead,
  type JobKind as Kind,
  type JobOf,
} from "@prosopon/core/contract";
import type { ObjectFieldsShape } from "@pothos/core";
import { builder } from "../builder.ts";
import type { Context } from "../context.ts";
import type { JobView } from "../job-view.ts";
import { loadJob } from "../reads.ts";
import { type JobTypeName, typeOfKind } from "../job-types.ts";
import { SeenImage } from "./seen.ts";

/** `add-images` is ADD_IMAGES. */
export const JobKind = builder.enumType("JobKind", {
  values: Object.fromEntries(
    Kinds.options.map((kind) => [kind.replaceAll("-", "_").toUpperCase(), { value: kind }]),
  ) as Record<string, { value: Kind }>,
});

export const JobStatus = builder.enumType("JobStatus", {
  values: {
    SENT: { value: "Sent", description: "Written down, waiting for a worker." },
    STARTED: { value: "Started" },
    SUCCEEDED: { value: "Succeeded", description: "Final." },
    FAILED: { value: "Failed", description: "Final; `error` says which image and why." },
    RETRIED: { value: "Retried", description: "Seen from other servers." },
    REVOKED: { value: "Revoked", description: "Final; seen from other servers." },
    UNKNOWN: { value: "Unknown", description: "The server does not say." },
  },
});

const known = ["Sent", "Started", "Succeeded", "Failed", "Retried", "Revoked"] as const;

/** What an event did not carry is read when asked for, together with all jobs asked for in that moment. */
export async function stateOf(job: JobView, context: Context) {
  return job.state ?? (await loadJob(job.id, context));
}

/** Results exist once the job has succeeded; before, nothing is read. @param _kind whose result it is, as the caller's type says */
export async function resultOf<K extends Kind>(
  _kind: K,
  job: JobView,
  context: Context,
): Promise<JobOf<K>["result"]> {
  if (job.status !== "Succeeded") return undefined;
  return (await stateOf(job, context))?.detail?.result as JobOf<K>["result"];
}

const DeadJob = builder.objectRef<Dead>("DeadJob").implement({
  description: "What can still be done about an abandoned job, whose tries were used up.",
  fields: (t) => ({
    until: t.expose("until", {
      type: "DateTime",
      description: "Until then its images are kept and `retryJob` can retry it.",
    }),
    retriedAsJobId: t.exposeString("retried_as", {
      nullable: true,
      description: "The job that it was retried as; the id of the REST API.",
    }),
  }),
});

export const Job = builder.interfaceRef<JobView>("Job").implement({
  description: "Work on images. Follow it with `jobUpdated`; results are read when asked for.",
  interfaces: [builder.nodeInterfaceRef()],
  resolveType: (job) => typeOfKind[job.kind],
  fields: (t) => ({
    jobId: t.exposeString("id", { description: "The id of the REST API." }),
    kind: t.field({ type: JobKind, resolve: (job) => job.kind }),
    status: t.field({
      type: JobStatus,
      resolve: (job) => known.find((status) => status === job.status) ?? "Unknown",
    }),
    done: t.boolean({
      description: "Whether the status is final.",
      resolve: ({ status }) => isFinalStatus(status),
    }),
    createdAt: t.field({
      type: "DateTime",
      nullable: true,
      resolve: async (job, _, context) => (await stateOf(job, context))?.detail?.created_at,
    }),
    startedAt: t.field({
      type: "DateTime",
      nullable: true,
      resolve: async (job, _, context) => (await stateOf(job, context))?.detail?.started_at,
    }),
    finishedAt: t.field({
      type: "DateTime",
      nullable: true,
      resolve: async (job, _, context) => (await stateOf(job, context))?.detail?.finished_at,
    }),
    attempts: t.int({
      nullable: true,
      description: "How often a worker has begun it.",
      resolve: async (job, _, context) => (await stateOf(job, context))?.detail?.attempts,
    }),
    error: t.string({
      nullable: true,
      description: "Failed: which image and why.",
      resolve: async (job, _, context) =>
        job.status === "Failed" ? (await stateOf(job, context))?.error : null,
    }),
    dead: t.field({
      type: DeadJob,
      nullable: true,
      description: "Failed through no fault of what was sent: its tries were used up.",
      resolve: async (job, _, context) =>
        job.status === "Failed" ? (await stateOf(job, context))?.detail?.dead : null,
    }),
    images: t.field({
      type: [SeenImage],
      nullable: true,
      description: "What was seen in each image, in the order sent; once the job has succeeded.",
      resolve: async (job, _, context) => (await resultOf(job.kind, job, context))?.images,
    }),
  }),
});

export async function identityIdOf(job: JobView, _: object, context: Context): Promise<string | undefined> {
  const state = await stateOf(job, context);
  return state?.identityId ?? state?.detail?.identity_id;
}

/** The type of one or more kinds of job; by relay's `node`, an id whose type does not fit the job's kind is an unknown id. */
export function jobNode(
  name: JobTypeName,
  {
    description,
    fields,
  }: { description: string; fields: ObjectFieldsShape<typeof builder.$inferSchemaTypes, JobView> },
) {
  return builder.node(builder.objectRef<JobView>(name), {
    description,
    interfaces: [Job],
    id: { resolve: (job) => job.id },
    loadOne: async (id, context): Promise<JobView | null> => {
      const state = await loadJob(id, context);
      return state && typeOfKind[state.kind] === name
        ? { id, kind: state.kind, status: state.status, state }
        : null;
    },
    fields,
  });
}
