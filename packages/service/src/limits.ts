/** What the service bounds. Everything has a default; tests and operators may change it. */
export interface Limits {
  /** Bytes of one image. Documented as "under 2 GB". */
  uploadBytes: number;
  /** Life of an upload's id, and of its image, in ms. */
  uploadTtlMs: number;
  /** How long an ended job is remembered, in ms. */
  jobRetentionMs: number;
  /** How long a job that used up its tries can be retried, and its images are kept for it, in ms. */
  deadJobMs: number;
  /** An image that nothing refers to is a crash's leftover once it is this old, in ms: younger ones may be on their way into a job. */
  orphanAgeMs: number;
  /** Unfinished jobs of one account; more are refused with 429. */
  unfinishedJobs: number;
  /** Bytes of images that an account's jobs and uploads keep; more are refused with 429, or with 413 where one request is over it by itself. */
  pendingBytes: number;
  /** Requests with images that this node receives from one account at once; more are refused with 429. */
  uploadsAtOnce: number;
  /** Identities of one account. An enrolment beyond is refused with 429, or fails if others were faster. */
  identities: number;
  /** Enrolled faces of one account; likewise. */
  faces: number;
  /** Collections of one account, `default` among them. */
  collections: number;
  /** Open event streams of one account. */
  streams: number;
  /** A body that brings no byte for so long is refused with 408, in ms. */
  bodyIdleMs: number;
  /**
   * Bytes per second that a body must bring on average once it has been waited for longer than `bodyIdleMs`; below it is
   * refused with 408. It bounds how long a body of any size may take.
   */
  bodyRate: number;
  /** Wrong logins of one client id from one address within `loginWindowMs`; more wait. */
  loginFailures: number;
  /** Wrong logins of all client ids from one address likewise; client ids that logged in from there within a day are let through. */
  addressFailures: number;
  loginWindowMs: number;
  /** Origins whose pages may call, or `*`. Never with cookies: a bearer token is the only credential. */
  origins: "*" | string[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const defaultLimits: Limits = {
  uploadBytes: 2_000_000_000,
  uploadTtlMs: HOUR_MS,
  jobRetentionMs: 7 * 24 * HOUR_MS,
  deadJobMs: 24 * HOUR_MS,
  orphanAgeMs: HOUR_MS,
  // The largest import that may wait; at 10 photos a second an hour's work, and some 10 MB of rows.
  unfinishedJobs: 10_000,
  // So many photos of 2 MB, or twice the largest enrolment.
  pendingBytes: 20_000_000_000,
  uploadsAtOnce: 100,
  identities: Infinity,
  faces: Infinity,
  collections: 1_000,
  streams: 100,
  bodyIdleMs: MINUTE_MS,
  // A tenth of a bad mobile line (GPRS): a photo of 5 MB may take over an hour.
  bodyRate: 1_024,
  loginFailures: 20,
  // Five people of one office who have each forgotten their secret.
  addressFailures: 100,
  loginWindowMs: 5 * MINUTE_MS,
  origins: "*",
};

/** Images of one enrolment, as documented. */
export const IMAGES_PER_JOB = 5;
/** Bytes of a JSON body; metadata may take 16 KiB of it, the rest is room for lists of ids. */
export const JSON_BODY_BYTES = 65_536;
/** Longest hold of `?wait=`, seconds: below the 60 s at which common proxies give up. */
export const MAX_WAIT_S = 30;
/** Rows of a page. */
export const PAGE_DEFAULT = 50;
export const PAGE_MAX = 100;
