import type { Logger } from "pino";
import type { Claims, Tokens } from "../auth/tokens.ts";
import type { Clock } from "../clock.ts";
import { databaseAway } from "../errors/outages.ts";

/** How often a stream proves that it is alive, and that its session still is. */
export const HEARTBEAT_MS = 15_000;

/** Why a stream may not go on. Codes of the WebSocket; SSE just ends. */
export type End = { code: 4401 | 4403; reason: string };

/** What sessions are watched with. */
export interface SessionTools {
  tokens: Tokens;
  clock: Clock;
  logger: Logger;
}

/** Calls back once when the token expires or its session ends, at once in this process, within a heartbeat elsewhere. */
export function watchSession(
  { tokens, clock, logger }: SessionTools,
  claims: Claims,
  onEnd: (end: End) => void,
): () => void {
  const sessionOver = () => onEnd({ code: 4403, reason: "the session has ended: log in again" });
  let cancelBeat = () => {};
  const beat = () => {
    cancelBeat = clock.after(HEARTBEAT_MS, () => {
      beat();
      tokens.alive(claims).then(
        (alive) => alive || sessionOver(),
        // A database that is away says so itself, once.
        (error: unknown) => databaseAway(error) || logger.error({ err: error }, "could not read a session"),
      );
    });
  };
  beat();
  const cancelExpiry = clock.after(Math.max(0, claims.expiresAt - clock.now()), () =>
    onEnd({ code: 4401, reason: "the token has expired: refresh it and reconnect" }),
  );
  const stopListening = tokens.onEnd((sessionId) => sessionId === claims.sessionId && sessionOver());
  return () => {
    cancelBeat();
    cancelExpiry();
    stopListening();
  };
}
