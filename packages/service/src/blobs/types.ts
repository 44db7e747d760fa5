/**
 * Holds the pending images, and nothing else: written when received, erased when the job has ended.
 * A store that is away throws BlobsAwayError.
 */
export interface BlobStore {
  /**
   * Stores a stream. Durable when it resolves, or with `durable: false` perhaps not before `flush`; on error or abort nothing is left.
   * `blobId` keeps the id that the blob has in another store; what is there under it is replaced.
   * @throws BlobTooLargeError once more than `maxBytes` have come.
   */
  put(
    data: AsyncIterable<Uint8Array>,
    options: { maxBytes: number; signal?: AbortSignal; blobId?: string; durable?: boolean },
  ): Promise<{ blobId: string; size: number; head: Uint8Array }>;
  /** Makes durable what was stored with `durable: false`, and is there. */
  flush(blobIds: readonly string[]): Promise<void>;
  /** A local file for the engine to read, valid until `release`. A remote store fetches it first. */
  open(blobId: string): Promise<{ path: string; release(): Promise<void> } | undefined>;
  /** Erases; unknown ids are ignored. */
  delete(blobIds: string[]): Promise<void>;
  /** Ids of blobs older than `before` (ms since the epoch), for the orphan sweep. Of what is not ours none. */
  list(before: number): Promise<string[]>;
  /** That images can be kept here now. @throws BlobsAwayError */
  present(): Promise<void>;
  readonly mark: Mark;
  close(): Promise<void>;
}

/** A small text that lies with the images and says whose they are (place.ts). */
export interface Mark {
  /** Undefined when there is none. */
  read(): Promise<string | undefined>;
  /** Leaves a mark that is there already, unless told to `replace` it. */
  write(text: string, options?: { replace?: boolean }): Promise<void>;
  /** What a new place is called: 24 bytes as base64url. */
  fresh(): string;
  /** Whether anything at all lies in the place, ours or not. */
  isEmpty(): Promise<boolean>;
}

export class BlobTooLargeError extends Error {
  override readonly name = "BlobTooLargeError";
}

/** More is being received at once than this process has memory for; later there is room. */
export class BlobsBusyError extends Error {
  override readonly name = "BlobsBusyError";
}

/** The store is away, and may come back: it does not answer, or says that it cannot. It says nothing about the blob. */
export class BlobsAwayError extends Error {
  override readonly name = "BlobsAwayError";
  /** For whoever has no token: the message may name the bucket, or what it said. */
  readonly publicly: string;
  /** It answers, and says no: at a start that is a setting more often than an outage. */
  readonly refused: boolean;

  constructor(
    message: string,
    { publicly, refused = false, ...options }: ErrorOptions & { publicly?: string; refused?: boolean } = {},
  ) {
    super(message, options);
    this.publicly = publicly ?? "the store of images does not answer, or refuses to";
    this.refused = refused;
  }
}
