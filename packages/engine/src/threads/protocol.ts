import { ImageError, isImageError } from "../errors.ts";
import type { ImageBounds } from "../inspect/structure.ts";
import type { AnalyseOptions, Analysis, ImageSource } from "../types.ts";

/** What the engine asks a thread for: an image's analysis, or to stop one between two stages; or it grants memory for one. */
export type Request =
  | { id: number; priority: number; image: ImageSource; options: StageOptions; bounds: ImageBounds }
  | { id: number; abort: true }
  | { id: number; granted: true };

type StageOptions = Omit<AnalyseOptions, "signal" | "priority" | "owner" | "apart">;

/** What a thread answers, or asks for: bytes to decode an image in, and 0 when it is decoded. */
export type Reply =
  | { id: number; analysis: Analysis }
  | { id: number; failure: Failure }
  | { id: number; decodeBytes: number };

/** An error on its way between threads: structured cloning would lose its class and code. */
export interface Failure {
  message: string;
  stack: string | undefined;
  code: ImageError["code"] | undefined;
  /** Of a file that could not be read. */
  system?: { code?: string | undefined; syscall: string };
}

export function pack(error: unknown): Failure {
  const thrown: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  const { message, stack, syscall } = thrown;
  return {
    message,
    stack,
    code: isImageError(error) ? error.code : undefined,
    ...(syscall !== undefined && { system: { code: thrown.code, syscall } }),
  };
}

export function unpack({ message, stack, code, system }: Failure): Error {
  const error = code === undefined ? new Error(message) : new ImageError(code, message);
  if (system) Object.assign(error, system);
  if (stack !== undefined) error.stack = stack;
  return error;
}
