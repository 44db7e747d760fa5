import { type ImageRef, type Quotas, StorageError, type Usage } from "../types.ts";

const USED_UP: Record<keyof Quotas, (limit: number) => string> = {
  unfinishedJobs: (limit) =>
    `The account has its quota of ${limit} unfinished jobs. Send more when some have ended, or cancel some: DELETE /v1/jobs/{id}.`,
  pendingBytes: (limit) =>
    `The account's images would take more than its quota of ${limit} bytes. Send more when jobs have ended, or delete uploads: DELETE /v1/uploads/{id}.`,
  identities: (limit) =>
    `The account has its quota of ${limit} identities. Delete some first, or ask whoever runs the server for more.`,
  collections: (limit) =>
    `The account has its quota of ${limit} collections. Delete some first, or ask whoever runs the server for more.`,
  faces: (limit) =>
    `The account would have more than its quota of ${limit} faces. Delete some first, or ask whoever runs the server for more.`,
};

/** What a caller is told that has a quota used up. */
export const usedUp = (quota: keyof Quotas, limit: number): string => USED_UP[quota](limit);

/** @throws StorageError `quota`; `too-large` when the images are over the quota by themselves */
export function checkUsage(
  { unfinishedJobs, pendingBytes }: Usage,
  more: Usage,
  quotas: Partial<Quotas> = {},
): void {
  const { unfinishedJobs: jobs = Infinity, pendingBytes: bytes = Infinity } = quotas;
  if (unfinishedJobs + more.unfinishedJobs > jobs)
    throw new StorageError("quota", usedUp("unfinishedJobs", jobs));
  if (more.pendingBytes > bytes)
    throw new StorageError(
      "too-large",
      `The images take ${more.pendingBytes} bytes, more than the account's quota of ${bytes}. Send fewer at once, or smaller ones.`,
    );
  if (more.pendingBytes > 0 && pendingBytes + more.pendingBytes > bytes)
    throw new StorageError("quota", usedUp("pendingBytes", bytes));
}

/** Bytes that a job keeps of its own: an upload's count with the upload. */
export const ownBytes = (images: readonly ImageRef[]): number =>
  images.reduce((sum, { size, uploadId }) => sum + (uploadId === undefined ? size : 0), 0);
