import { isNoRoom } from "../no-room.ts";

/** The storage gave up waiting for its database. Whether what was being written is there is not known. */
export function databaseAway(error: unknown): boolean {
  return hasCode(error, "away", "unusable");
}

/** The database or the object storage is away. Compares names: the back-ends may be other copies. */
export function isAway(error: unknown): boolean {
  return databaseAway(error) || (error instanceof Error && error.name === "BlobsAwayError");
}

/** A disk takes no more: the database's, or the one that images are on. It says nothing about the job. */
export function isFull(error: unknown): boolean {
  return isNoRoom(error) || hasCode(error, "full");
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return (
    error instanceof Error &&
    error.name === "StorageError" &&
    "code" in error &&
    codes.includes(String(error.code))
  );
}
