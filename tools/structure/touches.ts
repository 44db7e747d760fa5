import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { isHandWritten } from "./files.ts";

/** Where each kind of job has its file. */
const KINDS = "packages/core/src/contract/jobs";
/** `detect` came with the mechanism by which a kind is a file in each package (decision 042), which is not what a kind costs. */
const WITH_MECHANISM = "detect.ts";

export interface Touch {
  commit: string;
  subject: string;
  /** Hand-written files that it adds or edits, without tests, documents and generated ones. */
  files: string[];
}

export function touchOf(root: string, commit: string): Touch {
  const shown = git(root, "show", "--first-parent", "--format=%h%n%s", "--name-only", commit);
  const [hash = "", subject = "", ...files] = shown;
  return { commit: hash, subject, files: files.filter(isHandWritten) };
}

/** The commits of this history that added a kind of job, oldest first. */
export function commitsOfKinds(root: string): string[] {
  const kinds = readdirSync(`${root}/${KINDS}`)
    .filter((file) => file !== WITH_MECHANISM)
    .map((file) => `${KINDS}/${file}`)
    // What says that it is one; the others are what kinds share.
    .filter((path) => readFileSync(`${root}/${path}`, "utf8").includes("satisfies KindOfJob<"));
  const added = ["--diff-filter=A", "--", ...kinds];
  return git(root, "log", "--reverse", "--format=%H", "--extended-regexp", "--grep=^feat[(:]", ...added);
}

function git(root: string, ...args: string[]): string[] {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).split("\n").filter(Boolean);
}
