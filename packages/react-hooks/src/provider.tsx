import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { Provider } from "urql";
import { createProsoponClient } from "./client.ts";
import { FetchContext } from "./fetch-context.ts";
import { createSession, type Session, type SessionState } from "./session.ts";
import { memoryTokenStore, sessionTokenStore, type TokenStore } from "./token-store.ts";

export interface ProsoponProviderProps {
  children: ReactNode;
  /** Of the gateway. Default: `/graphql`. */
  url?: string;
  /** Default: `url` with `ws` for `http`. */
  webSocketUrl?: string;
  /** Where tokens are kept: `memory` (default; a reload signs out), `session` (sessionStorage), or a store of your own. */
  tokens?: "memory" | "session" | TokenStore;
  /** The session ended other than by `signOut`: its refresh token was refused. */
  onSignedOut?: () => void;
  /** Default: the runtime's own. */
  fetch?: typeof fetch;
  /** Class of the WebSocket. Default: the runtime's own. */
  webSocket?: unknown;
}

const SessionContext = createContext<Session | undefined>(undefined);

/** Who renders on a server has no session yet; a browser finds out after it has taken over. */
const serverState: SessionState = { status: "signed-out", epoch: -1 };

/** Wires HTTP, the socket, tokens and the cache for every hook below it. The options are read once. */
export function ProsoponProvider({ children, onSignedOut, ...options }: ProsoponProviderProps) {
  const [{ url = "/graphql", webSocketUrl, tokens = "memory", fetch, webSocket }] = useState(options);
  const signedOut = useRef(onSignedOut);
  useEffect(() => {
    signedOut.current = onSignedOut;
  });
  const [session] = useState(() =>
    createSession({
      url,
      store: tokens === "memory" ? memoryTokenStore() : tokens === "session" ? sessionTokenStore() : tokens,
      ...(fetch && { fetch }),
      onSignedOut: () => signedOut.current?.(),
    }),
  );
  const { epoch } = useSyncExternalStore(session.subscribe, session.getState, () => serverState);
  // A new one for every sign-in: nobody sees what the one before had read.
  const made = useMemo(
    () => ({
      epoch,
      ...createProsoponClient({
        url,
        session,
        ...(webSocketUrl && { webSocketUrl }),
        ...(fetch && { fetch }),
        webSocket,
      }),
    }),
    [epoch, url, session, webSocketUrl, fetch, webSocket],
  );
  useEffect(() => made.close, [made]);
  return (
    <SessionContext value={session}>
      <FetchContext value={fetch}>
        <Provider value={made.client}>{children}</Provider>
      </FetchContext>
    </SessionContext>
  );
}

export interface UseSession {
  signedIn: boolean;
  signIn: Session["signIn"];
  signOut: Session["signOut"];
  /** The access token as it is, e.g. to show a command that uses it; undefined for who is signed out. */
  token: Session["token"];
}

export function useSession(): UseSession {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession needs a ProsoponProvider above it.");
  const { status } = useSyncExternalStore(session.subscribe, session.getState, () => serverState);
  return {
    signedIn: status === "signed-in",
    signIn: session.signIn,
    signOut: session.signOut,
    token: session.token,
  };
}
