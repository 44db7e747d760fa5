import type { JobState } from "./types.ts";

interface AnswerOptions extends ErrorOptions {
  requestId?: string | undefined;
}

/** No usable token: wrong or missing credentials, a dead session, or a passed-on token that the server refuses. */
export class AuthError extends Error {
  override readonly name = "AuthError";
  /** The server's `x-request-id`. */
  readonly requestId: string | undefined;

  constructor(message: string, options?: AnswerOptions) {
    super(message, options);
    this.requestId = options?.requestId;
  }
}

/** The server said no. 501 from the client itself: the server has only the documented routes. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status code. */
  readonly status: number;
  /** What the server sent, parsed where it is JSON: `{ statusCode, error, message }` from a server that keeps the contract. */
  readonly body: unknown;
  readonly requestId: string | undefined;
  /** Milliseconds the server asked to wait (`Retry-After`). */
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    body: unknown,
    options?: AnswerOptions & { retryAfterMs?: number | undefined },
  ) {
    super(messageOf(body) ?? `The server answered HTTP ${status}.`, options);
    this.status = status;
    this.body = body;
    this.requestId = options?.requestId;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** The job ended Failed or Revoked. */
export class JobFailedError extends Error {
  override readonly name = "JobFailedError";
  readonly job: JobState;
  /** Which image and why, in words, as far as the server says. */
  readonly reason: string;

  constructor(job: JobState) {
    const reason = job.error ?? `The job ended ${job.status}; the server gave no reason.`;
    super(`Job ${job.id} failed: ${reason}`);
    this.job = job;
    this.reason = reason;
  }
}

/** Where and how an answer broke the contract; never the value itself, which may be a token. */
export interface ContractIssue {
  /** Dotted, e.g. `results.0.score`; empty for the whole body. */
  path: string;
  expected: string;
}

/** The server answered, but not in the documented shape. */
export class ContractError extends Error {
  override readonly name = "ContractError";
  readonly issues: ContractIssue[];
  readonly requestId: string | undefined;

  constructor(what: string, issues: ContractIssue[], options?: AnswerOptions) {
    const list = issues.map(({ path, expected }) => `${path || "body"}: expected ${expected}`).join("; ");
    super(`${what} is not what the contract says (${list}). Is baseUrl the API's?`, options);
    this.issues = issues;
    this.requestId = options?.requestId;
  }
}

/** The call's `timeoutMs` ran out. A job goes on without us: ask `jobs.get` again. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
  readonly timeoutMs: number;

  constructor(timeoutMs: number, options?: ErrorOptions) {
    super(`Timed out after ${timeoutMs} ms.`, options);
    this.timeoutMs = timeoutMs;
  }
}

/** No answer, or only a part of one. A POST or PUT may or may not have been carried out. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

const named =
  <T extends Error>(name: T["name"]) =>
  (error: unknown): error is T =>
    error instanceof Error && error.name === name;

// By name, so that they hold across two copies of the package.
export const isAuthError: (error: unknown) => error is AuthError = named("AuthError");
export const isApiError: (error: unknown) => error is ApiError = named("ApiError");
export const isJobFailedError: (error: unknown) => error is JobFailedError = named("JobFailedError");
export const isContractError: (error: unknown) => error is ContractError = named("ContractError");
/** Also true for the `TimeoutError` of `AbortSignal.timeout()`, which is a DOMException without `timeoutMs`. */
export const isTimeoutError: (error: unknown) => error is TimeoutError | DOMException = named("TimeoutError");
export const isConnectionError: (error: unknown) => error is ConnectionError = named("ConnectionError");

function messageOf(body: unknown): string | undefined {
  const { message } = (body ?? {}) as { message?: unknown };
  return typeof message === "string" && message ? message : undefined;
}
