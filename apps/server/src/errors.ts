/** The command cannot be run as it was given. The message says what is wrong and what to do; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Something that can go wrong did (port in use, server away). The message is for a person; exit code 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** Errors whose message is written for the person at the keyboard: shown without a stack. */
const SPOKEN = new Set([
  "UsageError",
  "CommandError",
  "StorageError",
  "ImageError",
  "AuthError",
  "ApiError",
  "JobFailedError",
  "TimeoutError",
  "ContractError",
  "ConnectionError",
]);

export function isSpoken(error: unknown): error is Error {
  return error instanceof Error && SPOKEN.has(error.name);
}
