/** A token is missing, or not good any more. The message says whether to refresh it or to log in again. */
export class AuthError extends Error {
  override readonly name = "AuthError";
}
