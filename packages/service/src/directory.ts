import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory, and those above it, for their owner alone; what is there already stays as it is.
 * Node's own recursive `mkdir` never returns where a directory is there and yet takes none, as /proc.
 * @throws the system's error, which `whyUnusable` puts in words, also where this user may not write to a directory that is there.
 */
export function ensureDirectory(path: string): void {
  make(path);
  accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
}

function make(path: string): void {
  try {
    return mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Where it may not be made it may be there: the root of a disk that is read-only.
    if (code !== "ENOENT" && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    const above = dirname(path);
    if (code !== "ENOENT" || above === path || statSync(above, { throwIfNoEntry: false })) throw error;
  }
  make(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

const REASONS: Record<string, string> = {
  EEXIST: "something that is not a directory is in its place",
  ENOTDIR: "a part of the path is not a directory",
  ENOENT: "no directory can be created there",
  EROFS: "the file system is read-only",
  ENAMETOOLONG: "the path is too long",
  ELOOP: "its links lead in a circle",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of the disk is used up",
  ERR_INVALID_ARG_VALUE: "the path holds a NUL character",
};

/** Why a directory, or a file in it, cannot be used: a clause for the person who named it. */
export function whyUnusable(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM")
    return `user ${process.getuid?.() ?? ""} is not allowed to write there (${code})`;
  const reason = REASONS[code];
  return reason === undefined ? message : `${reason} (${code})`;
}
