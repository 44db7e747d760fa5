import { bearer } from "./bearer.ts";
import { AcceptedTokenAnswer } from "./contract/auth.ts";
import { limited } from "./deadline.ts";
import { ApiError, AuthError } from "./errors.ts";
import { type Send, readJson } from "./http.ts";
import type { Client, ClientOptions, StoredToken, TokenStore } from "./types.ts";

/** Renew this long before the access token ends, so that none runs out on the way. */
const RENEW_BEFORE_MS = 30_000;

export interface Auth {
  /** The token for the next request: logs in when there is none, refreshes when it is about to end. */
  token(): Promise<string>;
  /** Another token than the one the server has just refused. @throws AuthError when there is none to be had. */
  renew(refused: string, requestId: string | undefined): Promise<string>;
  readonly calls: Client["auth"];
}

/** `token` in the options: someone else keeps it fresh, so a refused one is the end. */
function createPassedOnAuth(token: NonNullable<ClientOptions["token"]>, send: Send, timeoutMs: number): Auth {
  const current = async (): Promise<string> => (typeof token === "function" ? token() : token);
  const cannot = async (): Promise<never> => {
    throw new AuthError("This client was given a token, not credentials: it cannot log in or refresh.");
  };
  return {
    token: current,
    renew: async (_, requestId) => {
      throw new AuthError("The server refused the token this client was given.", { requestId });
    },
    calls: {
      login: cannot,
      refresh: cannot,
      logout: (options) =>
        limited(options, timeoutMs, async ({ signal }) => logOut(send, await current(), signal)),
    },
  };
}

export function createAuth(options: ClientOptions, send: Send, timeoutMs: number): Auth {
  const { clientId, secretId, token } = options;
  if (token !== undefined) return createPassedOnAuth(token, send, timeoutMs);
  const store = options.tokenStore ?? memoryStore();

  /** Shared by all callers, so none of their signals ends it: it has a time limit of its own. */
  let inFlight: Promise<StoredToken> | undefined;
  const once = (ask: (signal: AbortSignal) => Promise<StoredToken>): Promise<StoredToken> =>
    (inFlight ??= limited({}, timeoutMs, ({ signal }) => ask(signal)).finally(() => (inFlight = undefined)));

  const ask = async (
    path: "/login" | "/token",
    json: unknown,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<StoredToken> => {
    const headers = token ? bearer(token) : undefined;
    const response = await send({ method: "POST", path, json, ...(headers && { headers }) }, signal);
    const answer = await readJson(AcceptedTokenAnswer, response, `The answer to POST ${path}`, signal);
    const stored = { ...answer, expiresAt: Date.now() + answer.expireTime * 1000 };
    await store.set(stored);
    return stored;
  };

  const logIn = async (signal: AbortSignal): Promise<StoredToken> => {
    if (!clientId || !secretId)
      throw new AuthError("Not logged in: give createClient a clientId and secretId, or a token.");
    try {
      return await ask("/login", { clientId, secretId }, undefined, signal);
    } catch (error) {
      throw asAuthError(error, "The server refused clientId and secretId.");
    }
  };

  /** The access token goes in the header even when it has expired: the contract wants it. */
  const refresh = async (stored: StoredToken, signal: AbortSignal): Promise<StoredToken> => {
    try {
      return await ask("/token", { refreshToken: stored.refreshToken }, stored.token, signal);
    } catch (error) {
      throw asAuthError(error, "The session has ended.");
    }
  };

  const refreshOrLogIn = async (stored: StoredToken, signal: AbortSignal): Promise<StoredToken> => {
    try {
      return await refresh(stored, signal);
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      await store.set(undefined);
      if (!clientId || !secretId) throw error;
      return logIn(signal);
    }
  };

  /**
   * Looks again inside the shared turn: another call, or another holder of the store, may have renewed it already, and
   * showing a spent refresh token ends the session.
   */
  const renewed = (good: (stored: StoredToken) => boolean): Promise<StoredToken> =>
    once(async (signal) => {
      const stored = await store.get();
      if (!stored) return logIn(signal);
      return good(stored) ? stored : refreshOrLogIn(stored, signal);
    });

  const usable = (stored: StoredToken): boolean => stored.expiresAt - RENEW_BEFORE_MS > Date.now();

  return {
    async token() {
      const stored = await store.get();
      return stored && usable(stored) ? stored.token : (await renewed(usable)).token;
    },
    async renew(refused) {
      return (await renewed((stored) => stored.token !== refused)).token;
    },
    calls: {
      login: (call) => limited(call, timeoutMs, async () => withoutExpiry(await once(logIn))),
      refresh: (call) =>
        limited(call, timeoutMs, async () => {
          const stored = await store.get();
          if (!stored) throw new AuthError("Nothing to refresh: not logged in.");
          return withoutExpiry(await once((signal) => refresh(stored, signal)));
        }),
      logout: (call) =>
        limited(call, timeoutMs, async ({ signal }) => {
          await inFlight?.catch(() => undefined);
          const stored = await store.get();
          if (!stored) return;
          await store.set(undefined);
          await logOut(send, stored.token, signal);
        }),
    },
  };
}

async function logOut(send: Send, token: string, signal: AbortSignal): Promise<void> {
  await send({ method: "POST", path: "/logout", headers: bearer(token) }, signal);
}

/** 400 too: servers are seen to answer it for a refresh token they do not know. */
function asAuthError(error: unknown, message: string): unknown {
  if (!(error instanceof ApiError) || ![400, 401, 403].includes(error.status)) return error;
  return new AuthError(`${message} ${error.message}`, { requestId: error.requestId, cause: error });
}

function withoutExpiry({ token, expireTime, refreshToken }: StoredToken): {
  token: string;
  expireTime: number;
  refreshToken: string;
} {
  return { token, expireTime, refreshToken };
}

function memoryStore(): TokenStore {
  let held: StoredToken | undefined;
  return { get: () => held, set: (token) => void (held = token) };
}
