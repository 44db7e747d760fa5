import * as v from "valibot";
import { Box, FaceQuality, Landmarks } from "./face.ts";

/** The four states a server emits; published clients parse these and some crash on any other. */
export const JobStatus = v.picklist(["Sent", "Started", "Succeeded", "Failed"]);
export type JobStatus = v.InferOutput<typeof JobStatus>;

/** What a client must also accept from servers seen in the field. */
export const AcceptedJobStatus = v.picklist([
  "Sent",
  "Started",
  "Succeeded",
  "Failed",
  "Retried",
  "Revoked",
  "Unknown Job",
  "Unknown job",
  "Unknown Status",
]);
export type AcceptedJobStatus = v.InferOutput<typeof AcceptedJobStatus>;

/** Answer of every job-starting POST and PUT: exactly one key. */
export const JobCreated = v.object({ job_id: v.string() });
export type JobCreated = v.InferOutput<typeof JobCreated>;

/** The kinds of job, as our own API names them. */
export const JobKind = v.picklist(["enrol", "add-images", "search", "recognize"]);
export type JobKind = v.InferOutput<typeof JobKind>;

/** A score on the contract's 0..1 trust scale: 0.95 and above is recognised, above 0.85 is listed. */
export const Score = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** `GET /innovation-service/identity?job_id=`, for create and add jobs. Keys are absent until they exist. */
export const EnrolmentAnswer = v.object({
  status: AcceptedJobStatus,
  identity_id: v.optional(v.string()),
  error: v.optional(v.string()),
});
export type EnrolmentAnswer = v.InferOutput<typeof EnrolmentAnswer>;

export const SearchMatch = v.object({ identity_id: v.string(), score: Score });
export type SearchMatch = v.InferOutput<typeof SearchMatch>;

/** `GET /innovation-service/identity/search?job_id=`: best first, only scores above 0.85, may be empty. */
export const SearchAnswer = v.object({
  status: AcceptedJobStatus,
  results: v.optional(v.array(SearchMatch)),
  error: v.optional(v.string()),
});
export type SearchAnswer = v.InferOutput<typeof SearchAnswer>;

export const RecognitionResult = v.object({
  identity_id: v.string(),
  score: Score,
  /** True iff score >= 0.95. */
  recognition: v.boolean(),
});
export type RecognitionResult = v.InferOutput<typeof RecognitionResult>;

/** `GET /innovation-service/identity/recognize?job_id=` (alias `/recognition`): results is an object. */
export const RecognitionAnswer = v.object({
  status: AcceptedJobStatus,
  results: v.optional(RecognitionResult),
  error: v.optional(v.string()),
});
export type RecognitionAnswer = v.InferOutput<typeof RecognitionAnswer>;

/** One face seen in one image of a job, in pixels of the upright image. No embedding, ever. */
export const SeenFace = v.object({
  box: Box,
  landmarks: Landmarks,
  /** Detector's confidence, 0..1. */
  confidence: v.number(),
  quality: FaceQuality,
  /** True for the face the job used. */
  used: v.boolean(),
});
export type SeenFace = v.InferOutput<typeof SeenFace>;

/** What the engine saw in one image of a job, in the order the images were sent. */
export const SeenImage = v.object({
  /** Upright size, pixels. */
  width: v.number(),
  height: v.number(),
  faces: v.array(SeenFace),
});
export type SeenImage = v.InferOutput<typeof SeenImage>;

/** A candidate of a search, whatever its score, so that a caller may draw its own line. */
export const Candidate = v.object({
  identity_id: v.string(),
  /** The enrolled face that was nearest. */
  face_id: v.string(),
  score: Score,
  /** Raw cosine similarity of the two embeddings, -1..1. */
  cosine: v.number(),
  /** This score minus the next candidate's (0..1); absent for the last one. */
  margin: v.optional(v.number()),
});
export type Candidate = v.InferOutput<typeof Candidate>;

/** Result of a job in our own API, by kind; `images` says what was seen in each photo. */
export const JobResult = v.object({
  images: v.optional(v.array(SeenImage)),
  /** enrol and add-images: the faces that were stored. */
  face_ids: v.optional(v.array(v.string())),
  /** enrol and add-images: what the caller should know, e.g. that the photos may show different people. */
  warnings: v.optional(v.array(v.string())),
  /** search: the nearest identities, best first, not cut at a threshold. */
  candidates: v.optional(v.array(Candidate)),
  /** recognize */
  match: v.optional(
    v.object({
      identity_id: v.string(),
      face_id: v.string(),
      score: Score,
      cosine: v.number(),
      recognition: v.boolean(),
    }),
  ),
});
export type JobResult = v.InferOutput<typeof JobResult>;

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

/** `GET /v1/jobs/{id}`: all kinds, one shape. */
export const Job = v.object({
  job_id: v.string(),
  kind: JobKind,
  status: JobStatus,
  /** RFC 3339, UTC. */
  created_at: v.string(),
  started_at: v.optional(v.string()),
  finished_at: v.optional(v.string()),
  /** How often a worker has begun it. */
  attempts: v.number(),
  /** The identity it made, changed or compared with, once known. */
  identity_id: v.optional(v.string()),
  result: v.optional(JobResult),
  /** Failed: which image and why, for a person. */
  error: v.optional(v.string()),
  /** Failed because its tries were used up, not for what was sent. */
  dead: v.optional(DeadJob),
});
export type Job = v.InferOutput<typeof Job>;

export const JobList = v.object({ jobs: v.array(Job), next_cursor: v.optional(v.string()) });
export type JobList = v.InferOutput<typeof JobList>;
