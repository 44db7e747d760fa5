/** The token of an `Authorization: Bearer TOKEN` header. */
export function bearerOf(header: string | null | undefined): string | undefined {
  return /^bearer +(\S+)$/i.exec(header?.trim() ?? "")?.[1];
}

/**
 * Milliseconds since the epoch at which a token says that it ends, where it is a JWT. Nothing is believed on its word but that
 * it ends: the server behind the gateway judges it.
 */
export function expiryOf(token: string): number | undefined {
  const { exp } = claimsOf(token);
  return typeof exp === "number" && Number.isFinite(exp) ? exp * 1000 : undefined;
}

/** The session that a token says it belongs to, to end what it has open. */
export function sessionOf(token: string): string | undefined {
  const { sid } = claimsOf(token);
  return typeof sid === "string" ? sid : undefined;
}

function claimsOf(token: string): { exp?: unknown; sid?: unknown } {
  try {
    const payload = token.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/");
    return Object(JSON.parse(atob(payload ?? ""))) as object;
  } catch {
    return {};
  }
}
