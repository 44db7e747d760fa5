/**
 * Why an image was refused; callers map it to an answer: `unsupported` 415, `too-many-pixels` and `too-costly` 413, the others
 * 400. `too-costly` is also what a decode is ended for that overruns its time or memory; `fatal`: it ended a process.
 */
export type ImageErrorCode =
  | "empty"
  | "unsupported"
  | "undecodable"
  | "too-many-pixels"
  | "too-costly"
  | "fatal";

/** The bytes are not an image this engine accepts. The message says what is wrong and what to do. */
export class ImageError extends Error {
  override readonly name = "ImageError";
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Compares names, so it also holds across threads and two copies of the package. */
export function isImageError(error: unknown): error is ImageError {
  return error instanceof Error && error.name === "ImageError" && "code" in error;
}
