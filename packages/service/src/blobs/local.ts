import { randomBytes } from "node:crypto";
import { access, constants, open, opendir, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ensureDirectory } from "../directory.ts";
import { createFileMark } from "./file-mark.ts";
import { syncDirectory, syncFile } from "./sync.ts";
import { isBlobId, isOurs, newBlobId, OURS } from "./names.ts";
import { BlobTooLargeError, type BlobStore } from "./types.ts";

/** How much of a blob's beginning `put` gives back: enough for an image's header and its EXIF block. */
const HEAD_BYTES = 65_536;
const PART = ".part";

/** Files erased, and names read, at a time. */
const AT_ONCE = 128;

/** A part that has not grown for so long is nobody's: an upload that stands still is refused after a minute. */
const ABANDONED_MS = 60 * 60_000;

/**
 * Blobs as files of one directory, named by 138 random bits. A blob is written beside its name, flushed and renamed,
 * so a name never shows half a blob. Parts left by a crash are removed here: all of them where the directory belongs to one
 * process, those that no other node can be writing any more where it is `shared`. A directory that was there keeps its mode,
 * and whatever else is in it.
 */
export async function openLocalBlobs(directory: string, { shared = false } = {}): Promise<BlobStore> {
  ensureDirectory(directory);
  for (const name of await readdir(directory)) {
    if (!name.startsWith(OURS) || !name.endsWith(PART)) continue;
    const path = join(directory, name);
    const entry = await stat(path).catch(ignoreMissing);
    if (!shared || (entry && entry.mtimeMs < Date.now() - ABANDONED_MS)) await rm(path, { force: true });
  }
  /** A power cut may take these, and bring them back once they are erased: then the sweep finds them. */
  const unflushed = new Set<string>();
  return {
    async put(data, { maxBytes, signal, blobId = newBlobId(), durable = true }) {
      const path = join(directory, blobId);
      // A name of its own: what a crash left of the same blob is not in the way.
      const part = join(directory, OURS + randomBytes(18).toString("base64url") + PART);
      const head: Uint8Array[] = [];
      let size = 0;
      try {
        const file = await open(part, "wx", 0o600);
        await pipeline(
          data,
          async function* (chunks: AsyncIterable<Uint8Array>) {
            for await (const chunk of chunks) {
              if (size + chunk.length > maxBytes) {
                throw new BlobTooLargeError(
                  `The image is larger than ${maxBytes} bytes; send a smaller one.`,
                );
              }
              if (size < HEAD_BYTES) head.push(chunk.slice(0, HEAD_BYTES - size));
              size += chunk.length;
              yield chunk;
            }
          },
          file.createWriteStream({ flush: durable }),
          { signal },
        );
        await rename(part, path);
        if (durable) await syncDirectory(directory);
        else unflushed.add(blobId);
      } catch (error) {
        await rm(part, { force: true });
        await rm(path, { force: true });
        throw error;
      }
      return { blobId, size, head: Uint8Array.from(Buffer.concat(head)) };
    },

    async flush(blobIds) {
      const some = blobIds.filter((blobId) => unflushed.has(blobId));
      if (some.length === 0) return;
      await Promise.all(some.map((blobId) => syncFile(join(directory, blobId))));
      await syncDirectory(directory);
      for (const blobId of some) unflushed.delete(blobId);
    },

    async open(blobId) {
      if (!isBlobId(blobId)) return undefined;
      const path = join(directory, blobId);
      return (await exists(path)) ? { path, release: async () => {} } : undefined;
    },

    async delete(blobIds) {
      const known = blobIds.filter(isBlobId);
      if (known.length === 0) return;
      for (let at = 0; at < known.length; at += AT_ONCE) {
        const some = known.slice(at, at + AT_ONCE);
        await Promise.all(some.map((blobId) => unlink(join(directory, blobId)).catch(ignoreMissing)));
      }
      const durable = known.filter((blobId) => !unflushed.delete(blobId));
      if (durable.length > 0) await syncDirectory(directory);
    },

    async list(before) {
      const old: string[] = [];
      // Read a part at a time: of 100,000 names at once the event loop would be held by their making.
      for await (const { name } of await opendir(directory, { bufferSize: AT_ONCE })) {
        if (!isOurs(name)) continue;
        const entry = await stat(join(directory, name)).catch(ignoreMissing);
        if (entry && entry.mtimeMs < before) old.push(name);
      }
      return old;
    },

    // EROFS, or EACCES: a mount that takes no more is no use for images either.
    present: () => access(directory, constants.W_OK),
    mark: createFileMark(directory),
    async close() {},
  };
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoreMissing)) !== undefined;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
