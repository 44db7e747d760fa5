import { open } from "node:fs/promises";

/** A rename or an unlink outlives a power cut only once its directory is flushed. Windows cannot open directories, and need not. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A file's bytes, whoever has written them. */
export async function syncFile(path: string): Promise<void> {
  // Windows flushes only through a handle that may write.
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
