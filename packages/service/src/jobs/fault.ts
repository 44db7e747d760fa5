import { isImageError } from "@prosopon/engine";
import { isNoRoom } from "../no-room.ts";

/** A fault of the input: trying again would end the same. The message becomes the job's `error`. */
export class JobFault extends Error {
  override readonly name = "JobFault";
}

/** The text of a permanent fault; undefined for one that may pass. */
export function permanentReason(error: unknown): string | undefined {
  return error instanceof JobFault || isImageError(error) ? error.message : undefined;
}

/** The storage gave up waiting for its database. Whether what was being written is there is not known. */
export function databaseAway(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === "StorageError" &&
    "code" in error &&
    (error.code === "away" || error.code === "unusable")
  );
}

/** The database or the object storage is away. Compares names: the back-ends may be other copies. */
export function isAway(error: unknown): boolean {
  return databaseAway(error) || (error instanceof Error && error.name === "BlobsAwayError");
}

/** A disk takes no more: the database's, or the one that images are on. It says nothing about the job. */
export function isFull(error: unknown): boolean {
  return (
    isNoRoom(error) ||
    (error instanceof Error && error.name === "StorageError" && "code" in error && error.code === "full")
  );
}

export const identityGone = (identityId: string): string =>
  `the identity ${identityId} was deleted while the job waited`;
