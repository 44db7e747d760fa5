import type {
  Candidate,
  JobKind as Kind,
  JobResult,
  SeenFace as SeenFaceRecord,
  SeenImage as SeenImageRecord,
} from "@prosopon/core/contract";
import { builder } from "../builder.ts";
import type { Context } from "../context.ts";
import type { JobView } from "../job-view.ts";
import { loadJob } from "../reads.ts";
import { Face, FaceBox, FaceQuality, Landmarks } from "./face.ts";
import { findIdentity, Identity } from "./identity.ts";

/** The documented API lists what is above this and recognises from the other on (docs/protocol.md). */
const LISTED_SCORE = 0.85;
const RECOGNIZED_SCORE = 0.95;

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

const SeenFace = builder.objectRef<SeenFaceRecord>("SeenFace").implement({
  description: "A face seen in an image of a job.",
  fields: (t) => ({
    box: t.field({ type: FaceBox, resolve: (face) => face.box }),
    landmarks: t.field({ type: Landmarks, resolve: (face) => face.landmarks }),
    confidence: t.exposeFloat("confidence", { description: "The detector's confidence, 0 to 1." }),
    quality: t.field({ type: FaceQuality, resolve: (face) => face.quality }),
    used: t.exposeBoolean("used", { description: "Whether it is the face that the job used." }),
  }),
});

const SeenImage = builder.objectRef<SeenImageRecord>("SeenImage").implement({
  description: "What was seen in one image of a job. The image itself is not kept.",
  fields: (t) => ({
    width: t.exposeInt("width", { description: "Upright size, pixels." }),
    height: t.exposeInt("height"),
    faces: t.field({ type: [SeenFace], resolve: (image) => image.faces }),
  }),
});

export const typeOfKind: Record<Kind, "EnrolmentJob" | "SearchJob" | "RecognitionJob"> = {
  enrol: "EnrolmentJob",
  "add-images": "EnrolmentJob",
  search: "SearchJob",
  recognize: "RecognitionJob",
};

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

type MatchView = Pick<Candidate, "identity_id" | "score"> & Partial<Candidate>;

/** The enrolled face that was nearest: part of the identity's record, so it costs no call of its own. */
async function matchedFace(match: { identity_id: string; face_id?: string }, context: Context) {
  const identity = match.face_id === undefined ? null : await findIdentity(match.identity_id, context);
  return identity?.faces.find((face) => face.face_id === match.face_id);
}

const SearchMatch = builder.objectRef<MatchView>("SearchMatch").implement({
  description: "A person that a search found.",
  fields: (t) => ({
    identityId: t.exposeString("identity_id"),
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "Null when deleted since.",
      resolve: (match, _, context) => findIdentity(match.identity_id, context),
    }),
    score: t.exposeFloat("score", { description: "0 to 1 on the contract's trust scale." }),
    cosine: t.float({
      nullable: true,
      description: "Raw similarity, -1 to 1.",
      resolve: (match) => match.cosine,
    }),
    margin: t.float({
      nullable: true,
      description: "This score minus the next one's.",
      resolve: (match) => match.margin,
    }),
    face: t.field({
      type: Face,
      nullable: true,
      description: "The enrolled face that was nearest.",
      resolve: (match, _, context) => matchedFace(match, context),
    }),
    listed: t.boolean({
      description: "score > 0.85: the documented API lists it.",
      resolve: (match) => match.score > LISTED_SCORE,
    }),
    recognized: t.boolean({
      description: "score >= 0.95: the documented API calls it recognised.",
      resolve: (match) => match.score >= RECOGNIZED_SCORE,
    }),
  }),
});

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

interface RecognitionView {
  identity_id: string;
  score: number;
  recognition: boolean;
  cosine?: number;
  face_id?: string;
}

const RecognitionMatch = builder.objectRef<RecognitionView>("RecognitionMatch").implement({
  description: "How much a photo resembles one person.",
  fields: (t) => ({
    identityId: t.exposeString("identity_id"),
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "Null when deleted since.",
      resolve: (match, _, context) => findIdentity(match.identity_id, context),
    }),
    score: t.exposeFloat("score", { description: "0 to 1 on the contract's trust scale." }),
    cosine: t.float({
      nullable: true,
      description: "Raw similarity, -1 to 1.",
      resolve: (match) => match.cosine,
    }),
    face: t.field({
      type: Face,
      nullable: true,
      description: "The enrolled face that was nearest.",
      resolve: (match, _, context) => matchedFace(match, context),
    }),
    recognized: t.exposeBoolean("recognition", { description: "score >= 0.95." }),
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
