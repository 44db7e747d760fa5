import type { Collection, DeadJob, Face, Identity, Job } from "@prosopon/core/contract";
import type { CollectionRecord, FaceRecord, IdentityRecord, JobRecord } from "../storage/types.ts";

/** Records as `/v1` answers them: snake case, RFC 3339 times, absent keys rather than nulls. */
const time = (ms: number): string => new Date(ms).toISOString();

export const faceView = (face: FaceRecord): Face => ({
  face_id: face.id,
  identity_id: face.identityId,
  quality: face.quality,
  confidence: face.confidence,
  box: face.box,
  has_crop: face.hasCrop,
  created_at: time(face.createdAt),
});

export const identityView = (identity: IdentityRecord): Identity => ({
  identity_id: identity.id,
  collection_id: identity.collectionId,
  ...(identity.externalId === undefined ? {} : { external_id: identity.externalId }),
  metadata: identity.metadata,
  faces: identity.faces.map(faceView),
  created_at: time(identity.createdAt),
  updated_at: time(identity.updatedAt),
});

export const collectionView = (collection: CollectionRecord): Collection => ({
  collection_id: collection.id,
  name: collection.name,
  settings: {
    keep_crops: collection.settings.keepCrops,
    guard_quality: collection.settings.guardQuality,
    guard_mixed: collection.settings.guardMixed,
    guard_wrong_person: collection.settings.guardWrongPerson,
    guard_duplicate: collection.settings.guardDuplicate,
  },
  identities: collection.identities,
  faces: collection.faces,
  created_at: time(collection.createdAt),
  updated_at: time(collection.updatedAt),
});

const deadView = ({ until, retriedAs }: NonNullable<JobRecord["dead"]>): DeadJob => ({
  until: time(until),
  ...(retriedAs === undefined ? {} : { retried_as: retriedAs }),
});

export const jobView = (job: JobRecord): Job => view(job) as Job;

const view = (job: JobRecord) => ({
  job_id: job.id,
  kind: job.kind,
  status: job.status,
  created_at: time(job.createdAt),
  ...(job.startedAt === undefined ? {} : { started_at: time(job.startedAt) }),
  ...(job.finishedAt === undefined ? {} : { finished_at: time(job.finishedAt) }),
  attempts: job.attempts,
  ...(job.identityId === undefined ? {} : { identity_id: job.identityId }),
  ...(job.result === undefined ? {} : { result: job.result }),
  ...(job.error === undefined ? {} : { error: job.error }),
  ...(job.dead === undefined ? {} : { dead: deadView(job.dead) }),
});
