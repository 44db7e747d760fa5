import type { Client } from "@prosopon/core";
import { sessionOf } from "../bearer.ts";
import { isUnauthorized } from "../upstream.ts";

/** How often the server is asked whether a session with open streams still lives; its own streams do the same. */
const LOOK_MS = 15_000;

/** Ends the streams of a session with it: the streams of an account share one upstream, which outlives each of its sessions. */
export interface Sessions {
  /** Calls back once, when the token's session has ended. Returns the stop. */
  watch(token: string, client: Client, onEnd: () => void): () => void;
  /** The server says that a session has ended, so that nobody need ask. */
  ended(sessionId: string): void;
  close(): void;
}

interface Watched {
  listeners: Set<() => void>;
  timer: ReturnType<typeof setInterval>;
}

export function createSessions(): Sessions {
  const tokens = new Map<string, Watched>();

  function end(token: string): void {
    const watched = tokens.get(token);
    if (!watched) return;
    forget(token, watched);
    for (const listener of watched.listeners) listener();
  }

  function forget(token: string, { timer }: Watched): void {
    clearInterval(timer);
    tokens.delete(token);
  }

  function begin(token: string, client: Client): Watched {
    const look = () =>
      void client.account().catch((error: unknown) => {
        if (isUnauthorized(error)) end(token);
      });
    const watched = { listeners: new Set<() => void>(), timer: setInterval(look, LOOK_MS) };
    tokens.set(token, watched);
    return watched;
  }

  return {
    watch(token, client, onEnd) {
      const watched = tokens.get(token) ?? begin(token, client);
      watched.listeners.add(onEnd);
      return () => {
        watched.listeners.delete(onEnd);
        if (watched.listeners.size === 0 && tokens.get(token) === watched) forget(token, watched);
      };
    },
    ended(sessionId) {
      for (const token of tokens.keys()) if (sessionOf(token) === sessionId) end(token);
    },
    close() {
      for (const [token, watched] of tokens) forget(token, watched);
    },
  };
}
