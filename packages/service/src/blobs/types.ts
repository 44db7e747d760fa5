/**
 * Holds the images in flight, and nothing else: written when received, erased when the job has ended.
 * A store elsewhere that is away throws BlobsAwayError.
 */
export interface BlobStore {
  /**
   * Stores a stream. Durable when it resolves; on error or abort nothing is left.
   * `blobId` keeps the id that the blob has in another store; what is there under it is replaced.
   * @throws BlobTooLargeError once more than `maxBytes` have come.
   */
  put(
    data: AsyncIterable<Uint8Array>,
    options: { maxBytes: number; signal?: AbortSignal; blobId?: string },
  ): Promise<{ blobId: string; size: number; head: Uint8Array }>;
  /** A local file for the engine to read, valid until `release`. A remote store fetches it first. */
  open(blobId: string): Promise<{ path: string; release(): Promise<void> } | undefined>;
  /** Erases; unknown ids are ignored. */
  delete(blobIds: string[]): Promise<void>;
  /** Ids of blobs older than `before` (ms since the epoch), for the orphan sweep. */
  list(before: number): Promise<string[]>;
  /** 24 bytes that tell this place from any other, the same for every node that sees it. */
  mark(): Promise<Uint8Array>;
  close(): Promise<void>;
}

export class BlobTooLargeError extends Error {
  override readonly name = "BlobTooLargeError";
}

/** The store is away, and may come back: it does not answer, or says that it cannot. It says nothing about the blob. */
export class BlobsAwayError extends Error {
  override readonly name = "BlobsAwayError";
}
