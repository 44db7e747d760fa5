import type { Candidate } from "@prosopon/core/contract";
import type { Embedding } from "@prosopon/engine";
import { DEFAULT_SETTINGS } from "../../src/storage/rules/collections.ts";
import type {
  Account,
  ClaimedJob,
  CollectionKey,
  CollectionSettings,
  IdentityFilter,
  JobPayload,
  NewFace,
  Storage,
  StoredResult,
} from "../../src/storage/types.ts";

let counter = 0;
/** Different in every call, and told apart in a failing assertion. */
export function id(prefix: string): string {
  return `${prefix}-${String(++counter).padStart(6, "0")}`;
}

export function account(change: Partial<Account> = {}): Account {
  return {
    id: id("account"),
    clientId: id("client"),
    name: "Test",
    secretHash: "$argon2id$test",
    disabled: false,
    createdAt: 1000,
    ...change,
  };
}

/** What makes the embeddings of these samples. */
export const recogniser = { id: "samples.1", dimension: 128 };

/** Of `newAccount`'s collection `default`. */
export const settings: CollectionSettings = { ...DEFAULT_SETTINGS, keepCrops: true };

/** A repeatable unit vector, unlike those of other seeds. */
export function embedding(seed: number, by = recogniser): Embedding {
  let state = seed * 2_654_435_761;
  const values = Array.from({ length: by.dimension }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  const length = Math.hypot(...values);
  return { recogniser: by.id, values: Float32Array.from(values, (value) => value / length) };
}

export function face(seed: number, change: Partial<NewFace> = {}): NewFace {
  return {
    id: id("face"),
    embedding: embedding(seed),
    quality: {
      score: 0.9,
      size: 60,
      sharpness: 0.8,
      exposure: 0.7,
      pose: { yaw: 1, pitch: 2, roll: 3 },
      reasons: [],
    },
    confidence: 0.99,
    box: { x: 1, y: 2, width: 30, height: 40 },
    ...change,
  };
}

export const enrolment: JobPayload = { kind: "enrol", images: [] };

export async function newAccount(storage: Storage): Promise<string> {
  const created = account();
  await storage.recognisers.register(recogniser);
  await storage.accounts.create(created, settings);
  return created.id;
}

/** The account's collection `default`. */
export async function defaultOf(storage: Storage, accountId: string): Promise<CollectionKey> {
  const collection = await storage.collections.get(accountId, "default");
  return { accountId, collectionId: collection?.id ?? "none" };
}

/** In the account's collection `default`. */
export const nearestIn = async (storage: Storage, accountId: string, probe: Embedding, k: number) =>
  storage.identities.nearest(await defaultOf(storage, accountId), probe, k);

/** The same. */
export const listIn = async (
  storage: Storage,
  accountId: string,
  filter: IdentityFilter,
  page: { limit: number; cursor?: string },
) => storage.identities.list(await defaultOf(storage, accountId), filter, page);

export async function enqueue(
  storage: Storage,
  accountId: string,
  payload: JobPayload,
  now = 1000,
): Promise<string> {
  const jobId = id("job");
  const {
    collectionId = payload.kind === "enrol" ? (await defaultOf(storage, accountId)).collectionId : undefined,
  } = payload;
  await storage.jobs.enqueue({
    id: jobId,
    accountId,
    payload: { ...payload, ...(collectionId && { collectionId }) },
    now,
  });
  return jobId;
}

export async function claimOne(
  storage: Storage,
  now = 2000,
  maxAttempts = 3,
): Promise<ClaimedJob | undefined> {
  const [job] = await storage.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts, now });
  return job;
}

export interface Enrolled {
  identityId: string;
  jobId: string;
  faces: NewFace[];
}

/** A whole enrolment through the queue. */
export async function enrol(
  storage: Storage,
  accountId: string,
  faces: NewFace[],
  {
    externalId,
    metadata = {},
    now = 2000,
    collectionId,
  }: {
    externalId?: string;
    metadata?: Record<string, unknown>;
    now?: number;
    /** Default: that of `default`. */
    collectionId?: string;
  } = {},
): Promise<Enrolled> {
  const into = collectionId ?? (await defaultOf(storage, accountId)).collectionId;
  const jobId = await enqueue(storage, accountId, { ...enrolment, collectionId: into }, now);
  const job = await claimOne(storage, now);
  if (job?.id !== jobId) throw new Error("another job was waiting");
  const identityId = id("identity");
  const outcome = {
    type: "enrolled" as const,
    identityId,
    metadata,
    faces,
    result: { face_ids: faces.map((face) => face.id) },
    ...(externalId !== undefined && { externalId }),
  };
  const { finished } = await storage.jobs.finish({ jobId, leaseId: job.leaseId }, outcome, now);
  if (!finished) throw new Error("the enrolment did not finish");
  return { identityId, jobId, faces };
}

export function candidates(...ids: string[]): { candidates: Candidate[] } {
  return {
    candidates: ids.map((identity_id, index) => ({
      identity_id,
      face_id: "face",
      score: 0.9 - index / 10,
      decision: "unknown" as const,
      fpir: 1,
      cosine: 0.5,
      ...(index < ids.length - 1 && { margin: 0.1 }),
    })),
  };
}

export const candidatesIn = (result: StoredResult | undefined): Candidate[] =>
  (result?.["candidates"] ?? []) as Candidate[];
