import type { JobPayload, LookupOutcome, StoredResult } from "../types.ts";
import { COLLECTION_GONE } from "./collections.ts";

/** What is written of a job when it ends. */
export type Ending =
  | { status: "Succeeded"; result: StoredResult; identityId?: string }
  | { status: "Failed"; error: string; deadUntil?: number | undefined };

/** Why jobs end Failed that no worker ended: the same words from every back-end. */
export const IDENTITY_GONE = "The identity was deleted before this job was done.";

export const CANCELLED = "cancelled by the account before it was done";

export const IMAGE_ERASED =
  "An image of this job was erased with the identity that it had been enrolled in. Send the image again.";

export const givenUp = (attempts: number): string =>
  `Given up after ${attempts} attempts, none of which came to an end. Retry it; if that fails too, look into the server's log.`;

/** What may be remembered of a job when the people that it was about are erased: its kind, and whom it was about. */
export const bare = ({ kind, identityId }: JobPayload): JobPayload => ({
  kind,
  images: [],
  ...(identityId !== undefined && { identityId }),
});

/** How a job ends that was over before it was written. @param gone what it names and has been deleted meanwhile */
export function endingOf(outcome: LookupOutcome, gone: "collection" | "identity" | undefined): Ending {
  if (gone) return { status: "Failed", error: gone === "collection" ? COLLECTION_GONE : IDENTITY_GONE };
  if (outcome.type === "failed") return { status: "Failed", error: outcome.error };
  const { result, identityId } = outcome;
  return { status: "Succeeded", result, ...(identityId !== undefined && { identityId }) };
}
