/**
 * What the service remembers, and the one interface its back-ends implement. Every method is one transaction.
 * Methods that take an account see nothing of any other account: a foreign id is an unknown id.
 * Times are milliseconds since the epoch, given by the caller, so that one clock rules.
 */
import type { Box, FaceQuality, GuardLevel, JobKind, JobStatus } from "@prosopon/core/contract";
import type { Embedding } from "@prosopon/engine";

export interface Account {
  id: string;
  clientId: string;
  name: string;
  /** Argon2 PHC string; never the secret. */
  secretHash: string;
  disabled: boolean;
  createdAt: number;
}

/** Every account has one of this name from its creation on; it is neither renamed nor deleted. */
export const DEFAULT_COLLECTION = "default";

/** A gallery inside an account: its people are found by nobody who searches another. */
export interface Collection {
  id: string;
  accountId: string;
  /** Unique in the account. */
  name: string;
  settings: CollectionSettings;
  createdAt: number;
  updatedAt: number;
}

/** A collection with the number of its people. */
export interface CollectionRecord extends Collection {
  identities: number;
  faces: number;
}

export interface CollectionSettings {
  /** Keep a 160 px JPEG of every enrolled face. */
  keepCrops: boolean;
  guardQuality: GuardLevel;
  guardMixed: GuardLevel;
  guardWrongPerson: GuardLevel;
  guardDuplicate: GuardLevel;
}

/** A login. `refreshId` is the one refresh token that is good now; a spent one revokes the session. */
export interface Session {
  id: string;
  accountId: string;
  refreshId: string;
  refreshExpiresAt: number;
  revoked: boolean;
}

/** A collection, by the account that it must belong to. */
export interface CollectionKey {
  accountId: string;
  collectionId: string;
}

/** What made an embedding. */
export interface RecogniserRecord {
  /** E.g. `sface-2021dec.mesh468.1`. */
  id: string;
  /** Values of its embeddings. */
  dimension: number;
}

/** What one account may have at once; `Infinity`: as much as there is room for. Kept to in the transaction that adds, whatever the number of nodes. */
export interface Quotas {
  /** Jobs that have not ended. */
  unfinishedJobs: number;
  /** Bytes of the images that jobs (abandoned ones too) and uploads keep. */
  pendingBytes: number;
  identities: number;
  faces: number;
  collections: number;
}

/** What an account uses of it. */
export type Usage = Pick<Quotas, "unfinishedJobs" | "pendingBytes">;

/** Reference to bytes in the blob store. */
export interface ImageRef {
  blobId: string;
  /** Bytes. */
  size: number;
  /** Set for an upload's image: it outlives the job, and other jobs may use it too. */
  uploadId?: string;
}

/** What a job must do; the images travel as references. What else there is to it its kind has read, and knows. */
export interface JobPayload {
  kind: JobKind;
  images: ImageRef[];
  /** Among whose people: when that collection is deleted the job ends. An identity that the job is about must be in it, and says it where nothing else does. */
  collectionId?: string;
  /** Whom it is about: when that identity is deleted the job ends. */
  identityId?: string;
  [field: string]: unknown;
}

/** A result as its kind has it in the contract. Of it the storage knows whom it lists, to forget them (rules/mentions.ts). */
export type StoredResult = Record<string, unknown>;

export interface JobRecord {
  id: string;
  accountId: string;
  kind: JobKind;
  status: JobStatus;
  payload: JobPayload;
  /** How often a worker has claimed it. */
  attempts: number;
  identityId?: string;
  result?: StoredResult;
  error?: string;
  createdAt: number;
  startedAt?: number;
  finishedAt?: number;
  /** Ended Failed because its tries were used up. */
  dead?: DeadJob;
}

/** What can still be done about an abandoned job. */
export interface DeadJob {
  /** Until then its images are kept and it can be retried. */
  until: number;
  /** The job that its images went to. */
  retriedAs?: string;
}

/**
 * `not-dead`: it has not ended, or ended for a reason that a retry would meet again. `expired`: its images are no longer kept.
 * `identity-gone`, `collection-gone`: what it was about has been deleted.
 */
export type RetryAnswer =
  | { retried: true; jobId: string }
  | { retried: false; reason: "unknown" | "not-dead" | "expired" | "identity-gone" | "collection-gone" };

/** `blobIds` are images that nothing needs any more: the caller's to erase. */
export type CancelAnswer =
  | { cancelled: true; job: JobRecord; blobIds: string[] }
  | { cancelled: false; reason: "unknown" }
  | { cancelled: false; reason: "ended"; job: JobRecord };

/** `needed`: jobs that have not ended need its image. */
export type UploadDeletion =
  | { deleted: true; blobIds: string[] }
  | { deleted: false; reason: "unknown" | "needed" };

/** A job that is being worked on. */
export interface JobInHand extends JobRecord {
  /** Its place among the jobs of its rank: lower goes first. */
  turn: number;
  /** How often a lease on it ran out: a worker died, or stood still, while working on it. A retry inherits those of the abandoned job. */
  deaths: number;
}

/** A job in a worker's hands. `leaseId` proves it: a worker whose lease has passed to another can change nothing. */
export interface ClaimedJob extends JobInHand {
  leaseId: string;
}

export interface FaceRecord {
  id: string;
  identityId: string;
  quality: FaceQuality;
  confidence: number;
  box: Box;
  hasCrop: boolean;
  createdAt: number;
}

export interface NewFace {
  id: string;
  /** L2-normalised. */
  embedding: Embedding;
  quality: FaceQuality;
  confidence: number;
  box: Box;
  /** 160 px JPEG, where the account keeps crops. */
  crop?: Uint8Array;
}

export interface IdentityRecord {
  id: string;
  collectionId: string;
  externalId?: string;
  metadata: Record<string, unknown>;
  createdAt: number;
  updatedAt: number;
  /** Oldest first. */
  faces: FaceRecord[];
}

/** One row per identity: its face nearest to the probe. */
export interface Neighbour {
  identityId: string;
  faceId: string;
  /** Cosine in double precision over the stored embedding, -1..1. */
  cosine: number;
}

/**
 * What a finished job changes, applied in the same transaction that ends it.
 * `fail` and `identity-gone` are outcomes too: the worker decides, the storage only writes.
 */
export type JobOutcome =
  | {
      /** Into the collection of the job. */
      type: "enrolled";
      identityId: string;
      externalId?: string;
      metadata: Record<string, unknown>;
      faces: NewFace[];
      result: StoredResult;
    }
  /** Adds the faces; when the identity was deleted meanwhile, ends Failed with `goneError` instead. */
  | { type: "faces-added"; identityId: string; faces: NewFace[]; result: StoredResult; goneError: string }
  | { type: "answered"; identityId?: string; result: StoredResult }
  /** `deadUntil`: the tries were used up; it can be retried, and keeps its images, until then. */
  | { type: "failed"; error: string; deadUntil?: number };

/** How a lookup ends, which changes nothing but what is remembered of it. */
export type LookupOutcome = Extract<JobOutcome, { type: "answered" }> | { type: "failed"; error: string };

export type FinishAnswer =
  /** `status` is what was written: an outcome may turn into Failed (identity gone, external id taken). */
  | { finished: true; status: "Succeeded" | "Failed" }
  /** The lease had passed to another worker, or the job had already ended: nothing was changed. */
  | { finished: false };

/** A job's change of status, in the order of commit within an account. */
export interface StoredEvent {
  /** Grows within the account; `String(seq)` is the wire cursor. */
  seq: number;
  accountId: string;
  jobId: string;
  status: JobStatus;
}

export interface Page<T> {
  items: T[];
  nextCursor?: string;
}

export interface IdentityFilter {
  externalId?: string;
  /** Equal by key: the metadata's value as text. */
  metadata?: Record<string, string>;
  /** Case-insensitive part of the external id or of `metadata.name`. */
  text?: string;
}

export interface JobFilter {
  status?: JobStatus;
  kind?: JobKind;
  /** Only abandoned jobs, retried since or not. */
  dead?: true;
}

export interface UploadRecord {
  id: string;
  accountId: string;
  image: ImageRef;
  expiresAt: number;
}

export interface Storage {
  readonly accounts: {
    /** With its collection `default` of these settings. @throws StorageError `conflict` when the client id is taken. */
    create(account: Account, settings: CollectionSettings): Promise<void>;
    byClientId(clientId: string): Promise<Account | undefined>;
    byId(id: string): Promise<Account | undefined>;
    list(): Promise<Account[]>;
    /** Changing the hash or disabling revokes every session of the account in the same transaction. */
    update(
      id: string,
      change: Partial<Pick<Account, "name" | "secretHash" | "disabled">>,
    ): Promise<Account | undefined>;
    /** One row read. Nothing for an unknown account. */
    usage(id: string): Promise<Usage>;
  };

  readonly sessions: {
    /**
     * False when the account has been disabled, or no longer has the secret of this hash: verifying one takes long, and
     * what is changed meanwhile ends only the sessions that are there.
     */
    create(session: Session, secretHash?: string): Promise<boolean>;
    byId(id: string): Promise<Session | undefined>;
    /**
     * Replaces `from` by `to` if `from` is the current refresh id, the session is alive and it is not past its expiry.
     * `reused` means `from` was spent before: the session has been revoked in the same transaction.
     */
    rotate(
      id: string,
      from: string,
      to: string,
      now: number,
      expiresAt: number,
    ): Promise<"rotated" | "reused" | "dead">;
    revoke(id: string): Promise<void>;
    /** Of all accounts; returns how many were alive. */
    revokeAll(): Promise<number>;
    /** Forgets sessions whose tokens have all expired. Sweeps go in steps, each a transaction, until `signal` is aborted. */
    sweep(now: number, signal?: AbortSignal): Promise<number>;
  };

  readonly collections: {
    /** @throws StorageError `conflict` when the account has one of this name; `quota` */
    create(collection: Collection, quotas?: Partial<Quotas>): Promise<void>;
    /** By its id or its name. */
    get(accountId: string, idOrName: string): Promise<CollectionRecord | undefined>;
    /** Newest first. */
    list(accountId: string, page: { limit: number; cursor?: string }): Promise<Page<CollectionRecord>>;
    /** Settings that are not named stay as they are. @throws StorageError `conflict` as `create`; of `default` the name cannot change */
    update(
      key: CollectionKey,
      change: { name?: string; settings?: Partial<CollectionSettings> },
      now: number,
    ): Promise<CollectionRecord | undefined>;
    /**
     * It is hidden at once: its unfinished jobs end Failed at once, then its people are erased in steps, each as
     * `identities.delete` does. Cut short, the next sweep goes on. False for an unknown one.
     * @throws StorageError `conflict` for `default`
     */
    delete(key: CollectionKey, now: number): Promise<{ deleted: boolean; blobIds: string[] }>;
    /** Goes on with deletions that were cut short; returns the images that nothing needs any more. */
    sweep(now: number, signal?: AbortSignal): Promise<string[]>;
  };

  /** Embeddings are stored and searched only of recognisers that are registered. */
  readonly recognisers: {
    /** Any number of nodes may do so at once. @throws StorageError `conflict` when its id is known with another dimension */
    register(recogniser: RecogniserRecord): Promise<void>;
    /** With the number of faces that each has made, over all accounts. */
    list(): Promise<(RecogniserRecord & { faces: number })[]>;
  };

  readonly jobs: {
    /**
     * Durable when it resolves. Writes the job as Sent with its event.
     * @throws StorageError `not-found` when a named identity, collection or upload does not exist; `quota` when the account has too much already.
     */
    enqueue(job: {
      id: string;
      accountId: string;
      payload: JobPayload;
      uploadIds?: string[];
      now: number;
      /** Default: none. */
      quotas?: Partial<Quotas>;
    }): Promise<JobRecord>;
    /**
     * Takes up to `limit` jobs that are due: Sent and not before their back-off, or Started under a lease that ran out.
     * Lookups (searches and recognitions) go before imports (enrolments and added images); within each the accounts take
     * turns, each account's jobs by age, and one that has sent nothing for a while comes first (`turn.ts`).
     * One number bounds both together; two bound each by itself, so that imports in hand leave places for lookups.
     * With `before` only lookups of earlier turns are claimed: those that would go before what a worker has in hand.
     * With `except` jobs of these accounts are left out, and only those looked at that are near the newest served turn: the next
     * one of any other account is.
     * A job that has used up `maxAttempts` is not claimed but ended Failed here: it is abandoned, its images kept
     * for `keepDeadMs`; without it they go at once, and it cannot be retried.
     */
    claim(options: {
      limit: number | { lookups: number; imports: number };
      before?: number | undefined;
      except?: { lookups: string[]; imports: string[] };
      leaseMs: number;
      maxAttempts: number;
      keepDeadMs?: number;
      now: number;
    }): Promise<ClaimedJob[]>;
    /** Extends leases; returns the ids still held. */
    renew(leases: { jobId: string; leaseId: string }[], until: number): Promise<string[]>;
    /** An outcome that would take the account over a quota of identities or faces ends the job Failed instead, saying so. */
    finish(
      job: { jobId: string; leaseId: string },
      outcome: JobOutcome,
      now: number,
      quotas?: Partial<Quotas>,
    ): Promise<FinishAnswer>;
    /**
     * Writes a lookup that is over and that nobody has been told of: what `enqueue`, `claim` and `finish` write in turn, in one
     * commit and with one event. It has been tried once, and takes its account's next turn. Where what it names has been deleted
     * meanwhile it ends Failed.
     * @throws StorageError `not-found` for an unknown account
     */
    record(job: {
      id: string;
      accountId: string;
      payload: JobPayload;
      outcome: LookupOutcome;
      createdAt: number;
      startedAt: number;
      now: number;
    }): Promise<JobRecord>;
    /** The turn that a job of this kind would get if it came now. */
    turn(accountId: string, kind: JobKind): Promise<number>;
    /** Gives a job back: due again at `at`. `countAttempt: false` undoes the claim's attempt (clean shutdown). */
    release(
      job: { jobId: string; leaseId: string },
      options: { at: number; countAttempt: boolean },
    ): Promise<void>;
    get(accountId: string, jobId: string): Promise<JobRecord | undefined>;
    list(
      accountId: string,
      filter: JobFilter,
      page: { limit: number; cursor?: string },
    ): Promise<Page<JobRecord>>;
    /** Earliest time after `after` at which a job becomes due, for the worker's sleep; undefined when none does. */
    nextDue(after: number): Promise<number | undefined>;
    /** Unfinished jobs of the account, oldest first: the state sent on connect. */
    unfinished(accountId: string): Promise<JobRecord[]>;
    /**
     * Retries an abandoned job: writes the job `id` as Sent with its event and the same payload, and moves the images to it.
     * The abandoned one stays as it ended and remembers `id`; retried again, it answers that job.
     * @throws StorageError `quota`
     */
    retry(
      accountId: string,
      jobId: string,
      options: { id: string; now: number; quotas?: Partial<Quotas> },
    ): Promise<RetryAnswer>;
    /**
     * Cancels an unfinished job, which ends Failed; a worker that has it finds its lease gone and can write nothing of it. Repeated,
     * the answer is the same.
     */
    cancel(accountId: string, jobId: string, now: number): Promise<CancelAnswer>;
    /** Lets go of the images of abandoned jobs whose time is over; returns those that nothing needs any more. */
    expire(now: number, signal?: AbortSignal): Promise<string[]>;
    /** Forgets jobs that ended before `before`, with their events and what images they still keep. */
    sweep(before: number, signal?: AbortSignal): Promise<number>;
  };

  readonly identities: {
    get(accountId: string, identityId: string): Promise<IdentityRecord | undefined>;
    /** In the given order; unknown ids are left out. */
    getMany(accountId: string, identityIds: string[]): Promise<IdentityRecord[]>;
    list(
      key: CollectionKey,
      filter: IdentityFilter,
      page: { limit: number; cursor?: string },
    ): Promise<Page<IdentityRecord>>;
    /** Of the whole account. */
    count(accountId: string): Promise<{ identities: number; faces: number }>;
    /** null removes. @throws StorageError `conflict` when the external id is taken. */
    patch(
      accountId: string,
      identityId: string,
      patch: { externalId?: string | null; metadata?: Record<string, unknown> },
      now: number,
    ): Promise<IdentityRecord | undefined>;
    /**
     * Deletes all or, when one is unknown, none. Over a hundred may go in several transactions; each is whole. Their unfinished jobs end Failed here, and what jobs remember of them is
     * removed (results, metadata, their place among a search's candidates). Uploads that their jobs named go too, and
     * other unfinished jobs that need those end Failed. With `collectionId` those of other collections are unknown. `blobIds` are images that nothing needs any more: the caller's to erase. After the settling time no byte of their embeddings or crops is left on disk.
     */
    delete(
      accountId: string,
      identityIds: string[],
      now: number,
      collectionId?: string,
    ): Promise<{ deleted: boolean; missing: string[]; blobIds: string[] }>;
    /** The `k` nearest identities of the collection, best first; exact. Only faces embedded by the probe's recogniser. */
    nearest(key: CollectionKey, probe: Embedding, k: number): Promise<Neighbour[]>;
    /** The best face of one identity; undefined when it does not exist or has no face embedded by the probe's recogniser. */
    compare(accountId: string, identityId: string, probe: Embedding): Promise<Neighbour | undefined>;
  };

  readonly faces: {
    get(accountId: string, faceId: string): Promise<FaceRecord | undefined>;
    crop(accountId: string, faceId: string): Promise<Uint8Array | undefined>;
    /** `last` when it is the identity's only face: refuse, the identity would be unfindable. */
    delete(accountId: string, faceId: string, now: number): Promise<"deleted" | "missing" | "last">;
  };

  readonly uploads: {
    /** @throws StorageError `quota` */
    create(upload: UploadRecord, quotas?: Partial<Quotas>): Promise<void>;
    get(accountId: string, uploadId: string, now: number): Promise<UploadRecord | undefined>;
    /** At once, unless an unfinished job needs it. An abandoned job that kept its image cannot be retried from then on. */
    delete(accountId: string, uploadId: string, now: number): Promise<UploadDeletion>;
    /** Forgets expired uploads that no job needs any more, and returns their blob ids. Several jobs may use one upload while it lives. */
    sweep(now: number, signal?: AbortSignal): Promise<string[]>;
  };

  readonly events: {
    /** Events of an account after a cursor, oldest first; `complete: false` when the cursor is older than what is kept. */
    since(
      accountId: string,
      seq: number,
      limit: number,
    ): Promise<{ events: StoredEvent[]; complete: boolean }>;
    /** The newest sequence number of the account, 0 when it has none. */
    head(accountId: string): Promise<number>;
    /** Calls back after commit, in order of seq within an account; returns the unsubscribe. */
    listen(listener: (event: StoredEvent) => void): () => void;
    /** Calls back when a job may have become due (this process or another). */
    onDue(listener: () => void): () => void;
  };

  /** Blob ids that jobs or uploads still need: everything else in the blob store is an orphan. */
  referencedBlobs(): Promise<Set<string>>;
  /** A secret of `bytes` random bytes, created once and kept with the data, by name (e.g. the token signing key); or the very bytes that the first caller gave. */
  secret(name: string, bytes: number | Uint8Array): Promise<Uint8Array>;
  /** Identifies the database: a restored copy is another one. `name` is for messages. */
  databaseId(): Promise<{ id: string; name: string }>;
  /** All secrets whose name has this prefix, in no order. */
  secrets(prefix: string): Promise<{ name: string; bytes: Uint8Array }[]>;
  forgetSecrets(names: string[]): Promise<void>;
  /** Checks that the database answers and suits this version; returns its clock, in milliseconds since the epoch. @throws StorageError `unusable` */
  ping(): Promise<number>;
  /** Resolves when everything deleted so far is gone from the disk. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/**
 * `bad-cursor`: the cursor of a list came from no list. `too-large`: over a quota by itself, whatever else there is.
 * `away`: the database does not answer, or accepts no work at present; it may come back. It is unknown whether a write under way was applied.
 * `full`: the disk takes no more. Nothing was written, and the same may succeed once there is room.
 */
export type StorageErrorCode =
  | "conflict"
  | "not-found"
  | "locked"
  | "away"
  | "unusable"
  | "bad-cursor"
  | "quota"
  | "too-large"
  | "full";

/** The message says what is wrong and what to do. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
