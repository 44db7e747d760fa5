/** What a caller sent is not as it must be. The message names the first thing that is wrong, and never a value, which may be a secret. */
export class InputError extends Error {
  override readonly name = "InputError";
}
