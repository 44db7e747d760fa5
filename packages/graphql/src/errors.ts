import { GraphQLError } from "graphql";

/** What a caller can act on. The same codes stand in union members (`code`) and in `errors[].extensions.code`. */
export const errorCodes = [
  "BAD_IMAGE",
  "INVALID_INPUT",
  "NOT_FOUND",
  "QUOTA",
  "UNAUTHORIZED",
  "FORBIDDEN",
  "CONFLICT",
  "UNSUPPORTED_BY_UPSTREAM",
  "UNAVAILABLE",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** A failure that is part of the product: never masked. In mutations it is a union member, elsewhere an entry of `errors`. */
export class ExpectedError extends GraphQLError {
  readonly code: ErrorCode;
  /** Where in the arguments the cause is, e.g. `["input", "images", "0"]`; empty when it is in none of them. */
  readonly inputPath: readonly string[];

  constructor(
    code: ErrorCode,
    message: string,
    inputPath: readonly string[] = [],
    cause?: unknown,
    more: Record<string, unknown> = {},
  ) {
    super(message, { extensions: { code, ...(inputPath.length > 0 && { inputPath }), ...more } });
    // Not as `originalError`, which would pass for something to mask.
    this.cause = cause;
    this.code = code;
    this.inputPath = inputPath;
  }
}

/** An image was refused: not JPEG or PNG, broken, empty, too large. */
export class BadImageError extends ExpectedError {
  constructor(message: string, inputPath?: readonly string[], cause?: unknown) {
    super("BAD_IMAGE", message, inputPath, cause);
  }
}

export interface InputIssue {
  message: string;
  path: readonly string[];
}

export class InvalidInputError extends ExpectedError {
  readonly issues: readonly InputIssue[];

  constructor(issues: readonly InputIssue[], cause?: unknown) {
    super("INVALID_INPUT", issues.map((issue) => issue.message).join(" "), issues[0]?.path, cause);
    this.issues = issues;
  }
}

export class NotFoundError extends ExpectedError {
  constructor(message: string, inputPath?: readonly string[], cause?: unknown) {
    super("NOT_FOUND", message, inputPath, cause);
  }
}

export class QuotaError extends ExpectedError {
  /** Whole seconds. */
  readonly retryAfter: number | undefined;

  constructor(message: string, retryAfter?: number, cause?: unknown) {
    super("QUOTA", message, [], cause);
    this.retryAfter = retryAfter;
  }
}

/** No token, or one that the server does not take (`UNAUTHORIZED`); or a token without the right (`FORBIDDEN`). */
export class UnauthorizedError extends ExpectedError {
  constructor(
    message = "Sign in first: this needs a valid access token.",
    code: "UNAUTHORIZED" | "FORBIDDEN" = "UNAUTHORIZED",
    cause?: unknown,
  ) {
    super(code, message, [], cause);
  }
}

export class ConflictError extends ExpectedError {
  constructor(message: string, inputPath?: readonly string[], cause?: unknown) {
    super("CONFLICT", message, inputPath, cause);
  }
}

/** The server behind the gateway has only the documented routes, and this needs more. */
export class UnsupportedByUpstreamError extends ExpectedError {
  constructor(message: string, cause?: unknown) {
    super("UNSUPPORTED_BY_UPSTREAM", message, [], cause);
  }
}

/** The server cannot do it now: its database is away, a disk is full. An entry of `errors`, in mutations too. */
export class UnavailableError extends ExpectedError {
  /** @param retryAfter whole seconds */
  constructor(message: string, retryAfter?: number, cause?: unknown) {
    super("UNAVAILABLE", message, [], cause, retryAfter === undefined ? {} : { retryAfter });
  }
}
