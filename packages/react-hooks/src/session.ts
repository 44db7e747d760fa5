import { Client, fetchExchange } from "@urql/core";
import {
  LoginDocument,
  LogoutDocument,
  RefreshTokenDocument,
  type SessionFieldsFragment,
} from "./generated/operations.ts";
import { type TokenStore, type Tokens } from "./token-store.ts";

/** A token that ends within this is refreshed before it is sent: room for one slow upload to begin. */
const EARLY_MS = 30_000;

export interface SessionState {
  status: "signed-in" | "signed-out";
  /** Counts sign-ins and sign-outs: what was read in one of them must not be shown in the next. */
  epoch: number;
}

export type SignInResult = { ok: true } | { ok: false; message: string };

export interface Session {
  getState(): SessionState;
  /** Returns the function that ends the subscription. */
  subscribe(listener: () => void): () => void;
  /** Answers `ok: false` with a message for a person where the credentials are refused or the server is out of reach. */
  signIn(clientId: string, secretId: string): Promise<SignInResult>;
  /** Ends the session here at once, and on the server as soon as it answers. */
  signOut(): Promise<void>;
  /** The token as it is, ended or not. */
  token(): string | undefined;
  /** A token that is good for a while, refreshed if need be; undefined for who is signed out. */
  freshToken(): Promise<string | undefined>;
  /** Whether the next request should refresh first. */
  isStale(): boolean;
  /** Trades the refresh token; calls at the same time share one exchange. Answers whether there is a session now. */
  refresh(): Promise<boolean>;
}

export interface SessionOptions {
  url: string;
  store: TokenStore;
  fetch?: typeof fetch;
  /** The session ended other than by `signOut`: the page should ask for credentials. */
  onSignedOut?: () => void;
}

export function createSession({ url, store, fetch, onSignedOut }: SessionOptions): Session {
  // Signing in and refreshing go past cache and auth: they are what auth stands on.
  const door = new Client({
    url,
    exchanges: [fetchExchange],
    preferGetMethod: false,
    ...(fetch && { fetch }),
  });
  const listeners = new Set<() => void>();
  let state: SessionState = { status: store.read() ? "signed-in" : "signed-out", epoch: 0 };
  let refreshing: Promise<boolean> | undefined;

  function become(status: SessionState["status"]) {
    state = { status, epoch: state.epoch + 1 };
    for (const listener of listeners) listener();
  }

  function keep({ token, refreshToken, expiresIn }: SessionFieldsFragment) {
    store.write({ token, refreshToken, expiresAt: Date.now() + expiresIn * 1000 });
  }

  function end() {
    store.write(undefined);
    become("signed-out");
  }

  async function trade({ token, refreshToken }: Tokens): Promise<boolean> {
    const { data, error } = await door
      .mutation(RefreshTokenDocument, { input: { token, refreshToken } })
      .toPromise();
    // Signed out meanwhile: the answer belongs to nobody.
    if (store.read()?.refreshToken !== refreshToken) return store.read() !== undefined;
    const answer = data?.refreshToken;
    if (answer?.__typename === "Session") {
      keep(answer);
      return true;
    }
    // Out of reach is not signed out: the next request tries again.
    if (error?.networkError) return true;
    end();
    onSignedOut?.();
    return false;
  }

  const session: Session = {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async signIn(clientId, secretId) {
      const { data, error } = await door
        .mutation(LoginDocument, { input: { clientId, secretId } })
        .toPromise();
      const answer = data?.login;
      if (answer?.__typename === "Session") {
        keep(answer);
        become("signed-in");
        return { ok: true };
      }
      if (error?.networkError)
        return {
          ok: false,
          message: "The server does not answer. Check that it is running, then try again.",
        };
      return {
        ok: false,
        message: answer?.message ?? error?.graphQLErrors[0]?.message ?? "The server refused to sign you in.",
      };
    },
    async signOut() {
      const token = store.read()?.token;
      end();
      if (token)
        await door
          .mutation(LogoutDocument, {}, { fetchOptions: { headers: { authorization: `Bearer ${token}` } } })
          .toPromise();
    },
    token: () => store.read()?.token,
    async freshToken() {
      if (session.isStale()) await session.refresh();
      return session.token();
    },
    isStale() {
      const tokens = store.read();
      return tokens !== undefined && tokens.expiresAt - Date.now() < EARLY_MS;
    },
    refresh() {
      const tokens = store.read();
      if (!tokens) return Promise.resolve(false);
      refreshing ??= trade(tokens).finally(() => {
        refreshing = undefined;
      });
      return refreshing;
    },
  };
  return session;
}
