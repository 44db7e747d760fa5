import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { lstat, mkdtemp, readdir, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isBlobId, newBlobId } from "./names.ts";
import { createBucket, type S3Options } from "./s3/bucket.ts";
import { createListing } from "./s3/listing.ts";
import { createMemory } from "./s3/memory.ts";
import { upload } from "./s3/upload.ts";
import type { BlobStore } from "./types.ts";

export type { S3Credentials, S3Options } from "./s3/bucket.ts";

const MARK = "prosopon-place";
const COPIES = "prosopon-images-";
/** A job is done with its images long before. Milliseconds. */
const ABANDONED_MS = 60 * 60_000;
/** What all uploads of this process collect their parts in; with a node's own 105 MB well below the 512 MB that it is given. */
const MEMORY_BYTES = 128 * 2 ** 20;
/** Requests of one `delete` at a time. */
const DELETIONS = 8;

/**
 * Blobs as objects of a bucket, for several nodes: S3 or whatever speaks its protocol (path style, Signature Version 4).
 * The engine reads a copy in a temporary directory of this process.
 * @throws Error when the bucket does not exist or may not be read.
 */
export async function openS3Blobs(options: S3Options): Promise<BlobStore> {
  const bucket = createBucket(options);
  const listing = createListing(bucket);
  const memory = createMemory(MEMORY_BYTES);
  await listing.check();
  await removeAbandoned();
  let scratch = mkdtemp(join(tmpdir(), COPIES));
  await scratch;
  /** Whoever tidies up there may have removed it: then another, as anybody may have made one of the same name since. */
  const scratchDirectory = (): Promise<string> => {
    const anew = () => mkdtemp(join(tmpdir(), COPIES));
    scratch = scratch.then(async (made) => ((await isOurDirectory(made)) ? made : anew()), anew);
    return scratch;
  };

  return {
    async put(data, { maxBytes, signal, blobId = newBlobId() }) {
      return {
        blobId,
        ...(await upload(bucket, blobId, data, { memory, maxBytes, ...(signal && { signal }) })),
      };
    },

    // A PUT that is answered is durable.
    async flush() {},

    async open(blobId) {
      if (!isBlobId(blobId)) return undefined;
      const directory = await scratchDirectory();
      const path = join(directory, randomBytes(12).toString("base64url"));
      const release = () => rm(path, { force: true });
      try {
        const { ok } = await bucket.request("GET", { key: blobId, accept: [404] }, (body) =>
          pipeline(body, createWriteStream(path, { mode: 0o600 })),
        );
        if (ok) return { path, release };
      } catch (error) {
        await release();
        throw error;
      }
      return undefined;
    },

    async delete(blobIds) {
      const known = [...new Set(blobIds)].filter(isBlobId);
      for (let at = 0; at < known.length; at += DELETIONS) {
        await Promise.all(
          known.slice(at, at + DELETIONS).map((key) => bucket.request("DELETE", { key, accept: [404] })),
        );
      }
    },

    async list(before) {
      await removeAbandoned();
      await listing.abortUploads(before);
      return listing.olderThan(before);
    },

    present: () => listing.check(),

    mark: {
      async read() {
        const { ok, text } = await bucket.request("GET", { key: MARK, accept: [404] });
        return ok ? text : undefined;
      },
      async write(text, { replace = false } = {}) {
        const key = MARK;
        // 412: there is one. 409: another node writes it this moment. 501: the server knows no conditions.
        const once = { headers: { "if-none-match": "*" }, accept: [412, 409, 501] };
        const { status } = await bucket.request("PUT", { key, body: text, ...(!replace && once) });
        if (status === 501) await bucket.request("PUT", { key, body: text });
      },
      // No endpoint: one server may have several names. Of the place, so that all nodes that begin at once say the same.
      fresh: () =>
        createHash("sha256")
          .update(`${options.bucket}/${bucket.prefix}`)
          .digest()
          .subarray(0, 24)
          .toString("base64url"),
      isEmpty: () => listing.isEmpty(MARK),
    },

    async close() {
      const made = await scratch.catch(() => undefined);
      if (made !== undefined && (await isOurDirectory(made)))
        await rm(made, { recursive: true, force: true });
    },
  };
}

/** Not one that a link of another user's leads to. */
async function isOurDirectory(path: string): Promise<boolean> {
  const entry = await lstat(path).catch(() => undefined);
  return entry?.isDirectory() === true && (process.getuid === undefined || entry.uid === process.getuid());
}

/** Copies that processes of this user left which were killed. */
async function removeAbandoned(): Promise<void> {
  const before = Date.now() - ABANDONED_MS;
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(COPIES)) continue;
    const directory = join(tmpdir(), name);
    if (!(await isOurDirectory(directory))) continue;
    for (const copy of await readdir(directory).catch(() => [])) {
      const path = join(directory, copy);
      const entry = await lstat(path).catch(() => undefined);
      if (entry && entry.mtimeMs < before) await rm(path, { force: true });
    }
    const entry = await lstat(directory).catch(() => undefined);
    if (entry && entry.mtimeMs < before) await rmdir(directory).catch(() => {}); // only an empty one goes
  }
}
