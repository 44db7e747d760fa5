import { randomBytes } from "node:crypto";
import { open, opendir, readdir, readFile, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureDirectory } from "../directory.ts";
import { BlobTooLargeError, type BlobStore } from "./types.ts";

/** How much of a blob's beginning `put` gives back: enough for an image's header and its EXIF block. */
const HEAD_BYTES = 65_536;
const ID = /^[A-Za-z0-9_-]{32}$/;
const PART = ".part";
const MARK = "prosopon-place";

/** Files erased, and names read, at a time. */
const AT_ONCE = 128;

/** A part that has not grown for so long is nobody's: an upload that stands still is refused after a minute. */
const ABANDONED_MS = 60 * 60_000;

/**
 * Blobs as files of one directory, named by 192 random bits. A blob is written beside its name, flushed and renamed,
 * so a name never shows half a blob. Parts left by a crash are removed here: all of them where the directory belongs to one
 * process, those that no other node can be writing any more where it is `shared`.
 */
export async function openLocalBlobs(directory: string, { shared = false } = {}): Promise<BlobStore> {
  ensureDirectory(directory);
  for (const name of await readdir(directory)) {
    // Somebody's own directory may hold other files of such a name.
    if (!name.endsWith(PART) || !ID.test(name.slice(0, -PART.length))) continue;
    const path = join(directory, name);
    const entry = await stat(path).catch(ignoreMissing);
    if (!shared || (entry && entry.mtimeMs < Date.now() - ABANDONED_MS)) await rm(path, { force: true });
  }
  return {
    async put(data, { maxBytes, signal, blobId = randomBytes(24).toString("base64url") }) {
      const path = join(directory, blobId);
      // A name of its own: what a crash left of the same blob is not in the way.
      const part = join(directory, randomBytes(24).toString("base64url") + PART);
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
          file.createWriteStream({ flush: true }),
          { signal },
        );
        await rename(part, path);
        await syncDirectory(directory);
      } catch (error) {
        await rm(part, { force: true });
        await rm(path, { force: true });
        throw error;
      }
      return { blobId, size, head: Uint8Array.from(Buffer.concat(head)) };
    },

    async open(blobId) {
      if (!ID.test(blobId)) return undefined;
      const path = join(directory, blobId);
      return (await exists(path)) ? { path, release: async () => {} } : undefined;
    },

    async delete(blobIds) {
      const known = blobIds.filter((blobId) => ID.test(blobId));
      if (known.length === 0) return;
      for (let at = 0; at < known.length; at += AT_ONCE) {
        const some = known.slice(at, at + AT_ONCE);
        await Promise.all(some.map((blobId) => unlink(join(directory, blobId)).catch(ignoreMissing)));
      }
      await syncDirectory(directory);
    },

    async list(before) {
      const old: string[] = [];
      // Read a part at a time: of 100,000 names at once the event loop would be held by their making.
      for await (const { name } of await opendir(directory, { bufferSize: AT_ONCE })) {
        if (!ID.test(name)) continue;
        const entry = await stat(join(directory, name)).catch(ignoreMissing);
        if (entry && entry.mtimeMs < before) old.push(name);
      }
      return old;
    },

    mark: () => readMark(directory),

    async close() {},
  };
}

/** In a file that is made the first time; whoever copies the directory whole copies its mark. */
async function readMark(directory: string): Promise<Uint8Array> {
  const path = join(directory, MARK);
  const mark = randomBytes(24);
  try {
    await writeFile(path, mark.toString("base64url"), { flag: "wx", flush: true, mode: 0o600 });
    await syncDirectory(directory);
    return Uint8Array.from(mark);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  // Another node may be writing it this moment.
  for (let tries = 0; tries < 40; tries++) {
    const text = await readFile(path, "utf8");
    if (ID.test(text.trim())) return Uint8Array.from(Buffer.from(text.trim(), "base64url"));
    await sleep(50);
  }
  throw new Error(`The file ${path} is damaged. Remove it: a new one is made at the next start.`);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoreMissing)) !== undefined;
}

/** A rename or an unlink outlives a power cut only once its directory is flushed. Windows cannot open directories, and need not. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
