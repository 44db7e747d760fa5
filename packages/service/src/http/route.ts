import type { Handler } from "./call.ts";

/**
 * - `open`: no token is looked at, or the handler does it.
 * - `token`: an access token in the header.
 * - `query-token`: the same, or in `?token=`, for what cannot send headers (EventSource).
 */
export type Access = "open" | "token" | "query-token";

export type Route = readonly [method: string, path: string, access: Access, handler: Handler];
