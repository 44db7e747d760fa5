import { readFileSync } from "node:fs";
import path from "node:path";
import { listed } from "../listed.ts";

/** What nobody writes by hand, and what is not the product: tests, documents, generated files, kept results. */
const LEFT_OUT = [
  /(^|\/)test\//,
  /(^|\/)generated\/|\.generated\./,
  /^packages\/graphql\/schema\.graphql$/,
  // Written by build/record-template.ts.
  /^packages\/engine\/src\/template\.ts$/,
  /^pnpm-lock\.yaml$/,
  /^(docs|decisions|\.changeset|bench\/results)\//,
  /\.md$/,
];
const SOURCE = /\.(ts|tsx|js|css|sql|graphql|sh)$/;

export const isHandWritten = (file: string): boolean => !LEFT_OUT.some((pattern) => pattern.test(file));

export interface SourceFile {
  file: string;
  lines: number;
}

/** Hand-written source of a checkout, what is not committed yet included; largest first. */
export function sourceFiles(root: string): SourceFile[] {
  return listed(root)
    .filter((file) => SOURCE.test(file) && isHandWritten(file))
    .flatMap((file) => {
      const lines = linesOf(path.join(root, file));
      return lines === undefined ? [] : [{ file, lines }];
    })
    .sort((a, b) => b.lines - a.lines);
}

/** Undefined for a file that is deleted, but not yet from the index, or that went since it was listed. */
function linesOf(file: string): number | undefined {
  try {
    return readFileSync(file, "utf8").split("\n").length - 1;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
