import type { Engine } from "@prosopon/engine";
import type { IncomingImages } from "../../blobs/incoming.ts";
import type { Arrival } from "../../jobs/quota.ts";
import type { Limits } from "../../limits.ts";
import type { Space } from "../../space.ts";
import type { ImageRef } from "../../storage/types.ts";
import { inspected } from "./image.ts";

/** Bytes of an image between two looks at the disk's room, which others fill meanwhile. */
const LOOK_BYTES = 4 * 2 ** 20;

/** What images are judged by, and where they are put. */
export interface IntakeTools {
  incoming: IncomingImages;
  engine: Engine;
  space: Space;
  limits: Limits;
}

/** The images of one request. */
export interface Intake {
  /** Checks and stores one. @throws ImageError, BlobTooLargeError; StorageError `full`, `quota`, `too-large` */
  store(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<ImageRef>;
  /** Makes them durable, where they are not. */
  flush(): Promise<void>;
  /** A job or an upload refers to them now. */
  keep(): void;
  /** Erases them: nothing came of them. */
  discard(): Promise<void>;
}

/** @param durable whether each is durable once it is stored */
export function createIntake(
  { incoming, engine, space, limits }: IntakeTools,
  arrival: Arrival,
  durable = true,
): Intake {
  const stored: string[] = [];

  async function* counted(bytes: AsyncIterable<Uint8Array>) {
    let since = 0;
    for await (const chunk of bytes) {
      arrival.add(chunk.byteLength);
      since += chunk.byteLength;
      if (since >= LOOK_BYTES) {
        await space.admit();
        since = 0;
      }
      yield chunk;
    }
  }

  return {
    async store(bytes, signal) {
      const image = await incoming.put(inspected(counted(bytes), engine.info().bounds), {
        maxBytes: limits.uploadBytes,
        signal,
        durable,
      });
      stored.push(image.blobId);
      return image;
    },
    flush: async () => (durable ? undefined : incoming.flush(stored)),
    keep: () => incoming.keep(stored),
    discard: () => incoming.discard(stored),
  };
}
