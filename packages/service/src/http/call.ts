/** One request on its way to its handler. */
export interface Call {
  request: Request;
  query: URLSearchParams;
  /** Named parts of the path, decoded. */
  params: Record<string, string>;
  /** Account and session of the token; empty on open routes. */
  accountId: string;
  sessionId: string;
  expiresAt: number;
  /** Of the peer, where the adapter knows it. */
  address: string | undefined;
}

export type Handler = (call: Call) => Promise<Response> | Response;

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { ...headers, "content-type": "application/json" },
  });
}

export const noContent = (): Response => new Response(null, { status: 204 });

/** `Authorization: Bearer x`; the scheme in any case, as RFC 9110 has it. */
export function bearer(headers: Headers): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
}
