/** The caller has too much going on at once, or tried too often. The same may succeed later, and nothing was changed. */
export class TooManyError extends Error {
  override readonly name = "TooManyError";
  /** Seconds to wait before the next try. */
  readonly retryAfterS: number;

  constructor(message: string, retryAfterS: number) {
    super(message);
    this.retryAfterS = retryAfterS;
  }
}
