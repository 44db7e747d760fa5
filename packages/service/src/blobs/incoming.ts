import type { Clock } from "../clock.ts";
import type { EraseImages } from "./erase.ts";
import type { BlobStore } from "./types.ts";

/** A store that says nothing would keep the caller from hearing of the fault. Milliseconds. */
const ERASE_MS = 1_000;

/** Images that requests in progress have stored and that no job or upload refers to yet: the sweep must not take them for orphans. */
export interface IncomingImages {
  put(...args: Parameters<BlobStore["put"]>): Promise<{ blobId: string; size: number }>;
  /** Makes durable what was put with `durable: false`. */
  flush: BlobStore["flush"];
  /** A job or an upload refers to them now. */
  keep(blobIds: readonly string[]): void;
  /** Nothing came of them. Where that fails, or takes long, the caller still hears of the fault that led to it. */
  discard(blobIds: string[]): Promise<void>;
  /** Those of this moment. */
  ids(): Set<string>;
}

export function createIncomingImages(
  blobs: Pick<BlobStore, "put" | "flush">,
  erase: EraseImages,
  clock: Clock,
): IncomingImages {
  const incoming = new Set<string>();
  const keep = (blobIds: readonly string[]) => blobIds.forEach((blobId) => incoming.delete(blobId));
  return {
    async put(data, options) {
      const { blobId, size } = await blobs.put(data, options);
      incoming.add(blobId);
      return { blobId, size };
    },
    flush: blobs.flush,
    keep,
    async discard(blobIds) {
      const late = Promise.withResolvers<void>();
      const cancel = clock.after(ERASE_MS, late.resolve);
      const erased = erase(blobIds).then(() => {
        cancel();
        keep(blobIds);
      });
      await Promise.race([erased, late.promise]);
    },
    ids: () => new Set(incoming),
  };
}
