import { ImageError, isImageError } from "./errors.ts";
import type { AnalyseOptions, Analysis, ImageSource } from "./types.ts";

/** What the engine asks a thread for: an image's analysis, or to stop one between two stages. */
export type Request =
  | { id: number; priority: number; image: ImageSource; options: StageOptions; maxPixels: number }
  | { id: number; abort: true };

type StageOptions = Omit<AnalyseOptions, "signal" | "priority" | "owner" | "apart">;

export type Reply = { id: number; analysis: Analysis } | { id: number; failure: Failure };

/** An error on its way between threads: structured cloning would lose its class and code. */
export interface Failure {
  message: string;
  stack: string | undefined;
  code: ImageError["code"] | undefined;
}

export function pack(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, stack, code: isImageError(error) ? error.code : undefined };
}

export function unpack({ message, stack, code }: Failure): Error {
  const error = code === undefined ? new Error(message) : new ImageError(code, message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
