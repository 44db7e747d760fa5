import { type Breakable, createBreakable } from "../../breakable.ts";
import { BlobsAwayError, BlobTooLargeError } from "../types.ts";
import type { Bucket } from "./bucket.ts";
import { BLOCK_BYTES, type Memory } from "./memory.ts";

/** How much of a blob's beginning is given back, as the local store does. */
const HEAD_BYTES = 65_536;
/** The least that S3 takes; with its 10,000 parts 50 GB. */
const PART_BYTES = 5 * 2 ** 20;
const PART_BLOCKS = PART_BYTES / BLOCK_BYTES;

interface Uploaded {
  size: number;
  head: Uint8Array;
}

/**
 * What fits into a part is one PUT; the rest a multi-part upload, one part after the other, ended all or nothing. A part is
 * collected block by block, in memory that all uploads share: one that has sent little holds little.
 * @throws BlobsBusyError when it stands still and others need its room, or finds none itself
 */
export async function upload(
  bucket: Bucket,
  key: string,
  data: AsyncIterable<Uint8Array>,
  { memory, maxBytes, signal }: { memory: Memory; maxBytes: number; signal?: AbortSignal },
): Promise<Uploaded> {
  const abort = signal && { signal };
  const head: Uint8Array[] = [];
  let size = 0;
  /** Of the last block. */
  let filled = BLOCK_BYTES;
  let uploadId: string | undefined;
  const tags: string[] = [];
  const breakable = createBreakable();
  const held = memory.hold(breakable.fail);

  const body = () =>
    held.blocks.map((block, at) => (at === held.blocks.length - 1 ? block.subarray(0, filled) : block));

  async function sendPart(): Promise<void> {
    await held.sending(async () => {
      uploadId ??= await begin(bucket, key, signal);
      const query = { partNumber: String(tags.length + 1), uploadId };
      const answer = await bucket.request("PUT", { key, query, body: body(), ...abort });
      tags.push(answer.headers.get("etag") ?? "");
    });
    filled = BLOCK_BYTES;
  }

  try {
    signal?.throwIfAborted();
    for await (const chunk of aborting(data, signal, breakable)) {
      if (size + chunk.length > maxBytes) {
        throw new BlobTooLargeError(`The image is larger than ${maxBytes} bytes; send a smaller one.`);
      }
      if (size < HEAD_BYTES) head.push(chunk.slice(0, HEAD_BYTES - size));
      size += chunk.length;
      held.touch();
      for (let at = 0; at < chunk.length;) {
        if (filled === BLOCK_BYTES) {
          if (held.blocks.length === PART_BLOCKS) await sendPart();
          await held.grow();
          filled = 0;
        }
        const piece = chunk.subarray(at, at + BLOCK_BYTES - filled);
        held.blocks.at(-1)!.set(piece, filled);
        filled += piece.length;
        at += piece.length;
      }
    }
    if (uploadId === undefined)
      await held.sending(() => bucket.request("PUT", { key, body: body(), ...abort }));
    else {
      if (held.blocks.length > 0) await sendPart();
      await complete(bucket, key, uploadId, tags, signal);
    }
  } catch (error) {
    const erased = erase(bucket, key, uploadId);
    // One that says nothing would not say this either, and the caller is to hear of it.
    if (!(error instanceof BlobsAwayError)) await erased;
    throw error;
  } finally {
    held.release();
  }
  return { size, head: Uint8Array.from(Buffer.concat(head)) };
}

/** Whatever of it arrived: a PUT may have been stored although its answer was lost. Never rejects; the sweep finds the rest. */
async function erase(bucket: Bucket, key: string, uploadId: string | undefined): Promise<void> {
  if (uploadId !== undefined)
    await bucket.request("DELETE", { key, query: { uploadId }, accept: [404] }).catch(() => {});
  await bucket.request("DELETE", { key, accept: [404] }).catch(() => {});
}

async function begin(bucket: Bucket, key: string, signal: AbortSignal | undefined): Promise<string> {
  const answer = await bucket.request("POST", { key, query: { uploads: "" }, ...(signal && { signal }) });
  const uploadId = /<UploadId>([^<]+)<\/UploadId>/.exec(answer.text)?.[1];
  if (!uploadId)
    throw new Error("The object storage began no multi-part upload: it does not speak S3's protocol.");
  return uploadId;
}

async function complete(
  bucket: Bucket,
  key: string,
  uploadId: string,
  tags: string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const parts = tags.map(
    (tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
  const answer = await bucket.request("POST", {
    key,
    query: { uploadId },
    body,
    accept: [404],
    ...(signal && { signal }),
  });
  // S3 answers 200 before it knows, and says in the body that it failed.
  if (answer.ok && !answer.text.includes("<Error>")) return;
  // Done before, by a try whose answer was lost: then the upload is gone and the object there.
  const there = await bucket.request("HEAD", { key, accept: [404] });
  if (!there.ok) throw new Error("The object storage did not complete an upload. Send the image again.");
}

/** Ends the wait for a chunk that does not come. */
async function* aborting(
  data: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  { step, fail }: Breakable,
): AsyncGenerator<Uint8Array> {
  const stop = () => fail(signal!.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const iterator = data[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await step(iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    // Not awaited: a source that is stuck would never answer.
    void iterator.return?.()?.then(undefined, () => {});
  }
}
