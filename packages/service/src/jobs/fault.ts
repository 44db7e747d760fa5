import { isImageError } from "@prosopon/engine";

/** A fault of the input: trying again would end the same. The message becomes the job's `error`. */
export class JobFault extends Error {
  override readonly name = "JobFault";
}

/** The text of a permanent fault; undefined for one that may pass. */
export function permanentReason(error: unknown): string | undefined {
  return error instanceof JobFault || isImageError(error) ? error.message : undefined;
}

export const identityGone = (identityId: string): string =>
  `the identity ${identityId} was deleted while the job waited`;
