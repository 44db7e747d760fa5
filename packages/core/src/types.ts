import type * as v from "valibot";
import type {
  AcceptedJobStatus,
  AccountInfo,
  Collection,
  CollectionCalibration,
  CollectionCreate,
  CollectionPatch,
  Face,
  Identity,
  IdentityPatch,
  Job,
  JobKind,
  JobStatus,
  RecognitionResult,
  SearchMatch,
  ServerInfo,
  TokenAnswer,
  jobKinds,
} from "./contract.ts";

/** An image: encoded JPEG or PNG, or the id of an earlier upload (`client.uploads.create`). */
export type ImageInput = Blob | Uint8Array | ArrayBuffer | ReadableStream<Uint8Array> | { uploadId: string };

/** Every call takes these. */
export interface CallOptions {
  signal?: AbortSignal;
  /** Milliseconds for the whole call, waits included. Default: the client's `timeoutMs`. */
  timeoutMs?: number;
}

/** A started job. `kind` lets a server that has only the documented routes be asked for it. */
export interface JobRef {
  id: string;
  kind: JobKind;
}

/** A job, as far as the server describes it: `detail` only where the server has `/v1/jobs`. */
export interface JobState extends JobRef {
  status: AcceptedJobStatus;
  /** Final: Succeeded, Failed, Revoked. */
  done: boolean;
  identityId?: string;
  /** search: what the documented route answers, only scores above 0.85. */
  matches?: SearchMatch[];
  /** recognize */
  recognition?: RecognitionResult;
  error?: string;
  detail?: Job;
}

export interface Page<T> {
  items: T[];
  nextCursor?: string;
}

export interface PageOptions extends CallOptions {
  /** 1..100, default 50. */
  limit?: number;
  cursor?: string;
}

export interface Identities {
  /** Starts an enrolment of 1 to 5 images of one person. Everything but the images needs a server with `/v1`. `collection`: id or name; default `default`. */
  create(
    input: {
      images: ImageInput[];
      externalId?: string;
      metadata?: Record<string, unknown>;
      collection?: string;
    },
    options?: CallOptions,
  ): Promise<JobRef>;
  addImages(identityId: string, input: { images: ImageInput[] }, options?: CallOptions): Promise<JobRef>;
  search: Starts["search"];
  recognize(identityId: string, input: { image: ImageInput }, options?: CallOptions): Promise<JobRef>;
  /** Deletes all or none. @throws ApiError 404 when one is unknown. */
  delete(identityIds: string | string[], options?: CallOptions): Promise<void>;
  get(identityId: string, options?: CallOptions): Promise<Identity>;
  list(
    options?: PageOptions & {
      externalId?: string;
      metadata?: Record<string, string>;
      text?: string;
      ids?: string[];
      /** Id or name; default `default`. Not for `ids`. */
      collection?: string;
    },
  ): Promise<Page<Identity>>;
  update(identityId: string, patch: IdentityPatch, options?: CallOptions): Promise<Identity>;
}

/** A kind of job that our own API starts. */
export type Own = Extract<(typeof jobKinds)[number], { start: object }>;

/** `max_candidates` is `maxCandidates`, and `add-images` is `addImages`. */
type Camel<Name> = Name extends `${infer First}${"_" | "-"}${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Name;
type Fields<Entries> = { [Name in keyof Entries as Camel<Name>]: Entries[Name] };
type Images<Kind extends Own> = Kind extends { images: 1 } ? { image: ImageInput } : { images: ImageInput[] };

/** What is sent to start a job of a kind: its image or images, and its fields. */
type StartInput<Kind extends Own> = Images<Kind> & Fields<v.InferInput<Kind["start"]["fields"]>>;

/** One call for each kind of job that our own API starts: `client.jobs.detect({ image })`. Each needs a server with `/v1`. */
export type Starts = {
  [Kind in Own as Kind["kind"]]: (input: StartInput<Kind>, options?: CallOptions) => Promise<JobRef>;
};

/**
 * One call for each kind of job that our own API starts: it starts the job and resolves when it has Succeeded, in one round trip where
 * the server can. `search` and `recognize` work on any server. Default time limit 120,000. @throws JobFailedError, TimeoutError
 */
export type Answers = {
  [Kind in Own as Camel<Kind["kind"]>]: (input: StartInput<Kind>, options?: CallOptions) => Promise<JobState>;
};

export interface Jobs extends Starts {
  /** A bare id works too: on a server with only the documented routes, each route is then tried in turn. @throws ApiError 404 */
  get(job: JobRef | string, options?: CallOptions): Promise<JobState>;
  /** Resolves when Succeeded. @throws JobFailedError, TimeoutError */
  wait(job: JobRef | string, options?: CallOptions): Promise<JobState>;
  /** Every change from the current state to the final one: by socket where there is one, by polling where not. */
  watch(job: JobRef | string, options?: CallOptions): AsyncIterableIterator<JobState>;
  /** `dead: true`: only abandoned jobs, whose tries were used up. */
  list(
    options?: PageOptions & { status?: JobStatus; kind?: JobKind; dead?: true; ids?: string[] },
  ): Promise<Page<Job>>;
  /**
   * Cancels an unfinished job, which ends Failed, and answers it; repeated, the answer is the same. Nothing of it is written from then on.
   * @throws ApiError 404; 409 when it has ended already; 501 where the server cannot
   */
  cancel(job: JobRef | string, options?: CallOptions): Promise<JobState>;
  /**
   * Retries an abandoned job and answers the new job; repeated, it answers the same one.
   * @throws ApiError 404; 409 when it was not abandoned, or its images are no longer kept; 501 where the server cannot
   */
  retry(job: JobRef | string, options?: CallOptions): Promise<JobRef>;
}

/** One change, as the account's event stream tells it. */
export interface JobChange {
  id: string;
  status: JobStatus;
  /** Pass it as `cursor` to resume from here. */
  cursor: string;
}

export interface Client extends Answers {
  readonly identities: Identities;
  readonly jobs: Jobs;
  /** Galleries inside the account, by id or name. Each call needs a server with collections. */
  readonly collections: {
    create(input: CollectionCreate, options?: CallOptions): Promise<Collection>;
    get(idOrName: string, options?: CallOptions): Promise<Collection>;
    /** What scores of searches mean in it at its present size. */
    calibration(idOrName: string, options?: CallOptions): Promise<CollectionCalibration>;
    /** Newest first. */
    list(options?: PageOptions): Promise<Page<Collection>>;
    update(idOrName: string, patch: CollectionPatch, options?: CallOptions): Promise<Collection>;
    /** Erases all its people. @throws ApiError 409 for `default` */
    delete(idOrName: string, options?: CallOptions): Promise<void>;
  };
  readonly faces: {
    get(faceId: string, options?: CallOptions): Promise<Face>;
    /** 160 px JPEG, where the account keeps crops. @throws ApiError 404 */
    crop(faceId: string, options?: CallOptions): Promise<Blob>;
    delete(faceId: string, options?: CallOptions): Promise<void>;
  };
  readonly uploads: {
    create(
      image: Exclude<ImageInput, { uploadId: string }>,
      options?: CallOptions,
    ): Promise<{ uploadId: string; size: number; expiresAt: string }>;
    /** Erases the image at once. @throws ApiError 409 while an unfinished job needs it */
    delete(uploadId: string, options?: CallOptions): Promise<void>;
  };
  readonly events: {
    /** All changes of the account; reconnects and resumes by itself. @throws ApiError (unsupported) without `/v1/events`. */
    watch(options?: CallOptions & { cursor?: string }): AsyncIterableIterator<JobChange>;
  };
  readonly auth: {
    /** Logs in now instead of at the first call. */
    login(options?: CallOptions): Promise<TokenAnswer>;
    refresh(options?: CallOptions): Promise<TokenAnswer>;
    logout(options?: CallOptions): Promise<void>;
  };
  /** Whose token it is. @throws ApiError 501 for a server with only the documented routes. */
  account(options?: CallOptions): Promise<AccountInfo>;
  /** What the server can do; undefined for one with only the documented routes. Asked once, then remembered. */
  server(options?: CallOptions): Promise<ServerInfo | undefined>;
}

/** Where tokens live between calls; the default keeps them in memory. */
export interface TokenStore {
  get(): Promise<StoredToken | undefined> | StoredToken | undefined;
  set(token: StoredToken | undefined): Promise<void> | void;
}

export interface StoredToken extends TokenAnswer {
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

export interface ClientOptions {
  /** E.g. `https://faces.example.com`; may be left out with an in-process `fetch`. */
  baseUrl?: string;
  clientId?: string;
  secretId?: string;
  /** Instead of credentials: a token that someone else keeps fresh (a gateway passes its caller's on). */
  token?: string | (() => string | Promise<string>);
  tokenStore?: TokenStore;
  /** E.g. `service.fetch` for a service in the same process. Default: the global one. */
  fetch?: (request: Request) => Promise<Response>;
  /** For runtimes without a global one; `null` switches sockets off. Default: the global `WebSocket`. */
  WebSocket?: typeof WebSocket | null;
  /** Default 30,000. Waits for jobs: 120,000. */
  timeoutMs?: number;
  /** Repeats of a failed GET (never of a job-starting POST or PUT). Default 3. */
  retries?: number;
}
