import { AuthError } from "./errors.ts";

/** What a header may hold (RFC 9110, 5.5). */
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** The header that proves a session. @throws AuthError for what no header can hold: a runtime that refuses it repeats the token */
export function bearer(token: string): { authorization: string } {
  if (!HEADER_VALUE.test(token))
    throw new AuthError("The access token has characters that no token has: send it as it was given.");
  return { authorization: `Bearer ${token}` };
}
