import type { DeadJob as Dead, JobKind as Kind, JobResult } from "@prosopon/core/contract";
import { builder } from "../builder.ts";
import type { Context } from "../context.ts";
import type { JobView } from "../job-view.ts";
import { loadJob } from "../reads.ts";
import { Face } from "./face.ts";
import { findIdentity, Identity } from "./identity.ts";
import {
  LISTED_SCORE,
  type MatchView,
  RecognitionMatch,
  type RecognitionView,
  SearchMatch,
} from "./match.ts";
import { SeenImage } from "./seen.ts";

export const JobKind = builder.enumType("JobKind", {
  values: {
    ENROL: { value: "enrol" },
    ADD_IMAGES: { value: "add-images" },
    SEARCH: { value: "search" },
    RECOGNIZE: { value: "recognize" },
  },
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

/** Results exist once the job has succeeded; before, nothing is read. */
export async function resultOf(job: JobView, context: Context): Promise<JobResult | undefined> {
  return job.status === "Succeeded" ? (await stateOf(job, context))?.detail?.result : undefined;
}

export const typeOfKind: Record<Kind, "EnrolmentJob" | "SearchJob" | "RecognitionJob"> = {
  enrol: "EnrolmentJob",
  "add-images": "EnrolmentJob",
  search: "SearchJob",
  recognize: "RecognitionJob",
};

const DeadJob = builder.objectRef<Dead>("DeadJob").implement({
  description: "What may still be done about a job that failed because its tries were used up.",
  fields: (t) => ({
    until: t.expose("until", {
      type: "DateTime",
      description: "Its images are kept so long, and `retryJob` can start it anew.",
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
      resolve: ({ status }) => status === "Succeeded" || status === "Failed" || status === "Revoked",
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
      resolve: async (job, _, context) => (await resultOf(job, context))?.images,
    }),
  }),
});

const EnrolmentJobRef = builder.objectRef<JobView>("EnrolmentJob");
const SearchJobRef = builder.objectRef<JobView>("SearchJob");
const RecognitionJobRef = builder.objectRef<JobView>("RecognitionJob");

/** By relay's `node`: an id whose type does not fit the job's kind is an unknown id. */
async function loadAs(typename: string, id: string, context: Context): Promise<JobView | null> {
  const state = await loadJob(id, context);
  return state && typeOfKind[state.kind] === typename
    ? { id, kind: state.kind, status: state.status, state }
    : null;
}

export const EnrolmentJob = builder.node(EnrolmentJobRef, {
  description: "Makes an identity, or adds images to one.",
  interfaces: [Job],
  id: { resolve: (job) => job.id },
  loadOne: (id, context) => loadAs("EnrolmentJob", id, context),
  fields: (t) => ({
    identityId: t.string({ nullable: true, description: "Once known.", resolve: identityIdOf }),
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "Once the job has succeeded; null when it has been deleted since.",
      resolve: async (job, _, context) =>
        job.status === "Succeeded" ? findIdentity(await identityIdOf(job, {}, context), context) : null,
    }),
    faces: t.field({
      type: [Face],
      nullable: true,
      description: "The faces that this job stored, as far as they still exist.",
      resolve: async (job, _, context) => {
        const ids = (await resultOf(job, context))?.face_ids;
        const identity = ids && (await findIdentity(await identityIdOf(job, {}, context), context));
        return identity?.faces.filter((face) => ids?.includes(face.face_id));
      },
    }),
    warnings: t.stringList({
      nullable: true,
      description: "What the caller should know, e.g. that the photos may show different people.",
      resolve: async (job, _, context) => (await resultOf(job, context))?.warnings ?? null,
    }),
  }),
});

async function identityIdOf(job: JobView, _: object, context: Context): Promise<string | undefined> {
  const state = await stateOf(job, context);
  return state?.identityId ?? state?.detail?.identity_id;
}

export const SearchJob = builder.node(SearchJobRef, {
  description: "Finds the people whom a photo resembles.",
  interfaces: [Job],
  id: { resolve: (job) => job.id },
  loadOne: (id, context) => loadAs("SearchJob", id, context),
  fields: (t) => ({
    matches: t.field({
      type: [SearchMatch],
      nullable: true,
      description: "Best first; once the job has succeeded. Empty: nobody we know.",
      args: {
        all: t.arg.boolean({
          required: true,
          defaultValue: false,
          description:
            "Also the candidates at or below the listing line of 0.85, for a caller who draws its own.",
        }),
      },
      resolve: async (job, { all }, context): Promise<MatchView[] | null> => {
        if (job.status !== "Succeeded") return null;
        const state = await stateOf(job, context);
        const matches: MatchView[] | undefined = state?.detail?.result?.candidates ?? state?.matches;
        return matches?.filter(({ score }) => all || score > LISTED_SCORE) ?? null;
      },
    }),
  }),
});

export const RecognitionJob = builder.node(RecognitionJobRef, {
  description: "Says whether a photo shows a given person.",
  interfaces: [Job],
  id: { resolve: (job) => job.id },
  loadOne: (id, context) => loadAs("RecognitionJob", id, context),
  fields: (t) => ({
    identityId: t.string({ nullable: true, resolve: identityIdOf }),
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "Whom the photo is compared with; null when deleted since.",
      resolve: async (job, _, context) => findIdentity(await identityIdOf(job, {}, context), context),
    }),
    match: t.field({
      type: RecognitionMatch,
      nullable: true,
      description: "Once the job has succeeded.",
      resolve: async (job, _, context): Promise<RecognitionView | null> => {
        if (job.status !== "Succeeded") return null;
        const state = await stateOf(job, context);
        return state?.detail?.result?.match ?? state?.recognition ?? null;
      },
    }),
  }),
});
