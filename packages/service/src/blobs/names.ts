import { randomBytes } from "node:crypto";

/**
 * Before the name of everything that a store makes, so that whatever else lies in the same place is never taken for ours. It leaves
 * 138 random bits, and names that every node of an earlier release takes too.
 */
export const OURS = "prosopon_";
const LENGTH = 32;

/** Also those of earlier releases, which are 32 random characters: they are read and erased where a job names them, never listed. */
const ID = /^[A-Za-z0-9_-]{32}$/;

export const isBlobId = (name: string): boolean => ID.test(name);
export const isOurs = (name: string): boolean => name.startsWith(OURS) && ID.test(name);

export const newBlobId = (): string => (OURS + randomBytes(24).toString("base64url")).slice(0, LENGTH);
