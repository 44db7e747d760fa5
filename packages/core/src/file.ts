import { openAsBlob } from "node:fs";

/**
 * An image file as a Blob that stays on disk: its bytes are read while they are sent. Node, Deno and Bun.
 * @throws the file system's error when it cannot be opened.
 */
export async function imageFile(path: string | URL): Promise<Blob> {
  return openAsBlob(path);
}
