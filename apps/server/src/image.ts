import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import { UsageError } from "./errors.ts";

/** A Blob that reads from the file when it is sent, so that a big one is never in memory. */
export async function openImage(path: string): Promise<Blob> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new UsageError(`No such file: ${path}`);
  return openAsBlob(path);
}
