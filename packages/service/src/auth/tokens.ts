import { createHash, randomUUID } from "node:crypto";
import type { TokenAnswer } from "@prosopon/core/contract";
import { SignJWT, decodeProtectedHeader, errors, jwtVerify } from "jose";
import type { Clock } from "../clock.ts";
import { AuthError } from "../errors/auth-error.ts";
import type { Account, Storage } from "../storage/types.ts";
import { createKeys } from "./keys.ts";
import { randomToken } from "./secrets.ts";

/** Both tokens live one hour: documented. */
const TOKEN_LIFE_S = 3600;

/**
 * A clock that is set back by hours leaves everybody logged in, for so much longer. A token from further ahead, ms, was issued
 * under a clock that was far wrong, and would live for as long as that was.
 */
const AHEAD_MS = 24 * 3_600_000;

export interface Claims {
  accountId: string;
  sessionId: string;
  /** ms since the epoch. */
  expiresAt: number;
}

export interface Tokens {
  /** Begins a session; undefined when the account was disabled, or given another secret, since it was read. */
  issue(account: Pick<Account, "id" | "secretHash">): Promise<TokenAnswer | undefined>;
  /** Reads the session on every call, by its key: a logout holds from the next request on. @throws AuthError */
  check(token: string | undefined): Promise<Claims>;
  /** @throws AuthError */
  refresh(token: string | undefined, refreshToken: string): Promise<TokenAnswer>;
  /** Ends the token's session. Expired and ended ones too. @throws AuthError for a token that we did not issue. */
  logout(token: string | undefined): Promise<void>;
  /** True while the session of these claims is alive. */
  alive(claims: Claims): Promise<boolean>;
  /** Calls back when a session ends in this process, so that its event streams end at once. */
  onEnd(listener: (sessionId: string) => void): () => void;
}

/** The refresh secret is stored hashed: reading the database gives nobody a session. 256 random bits need no slow hash. */
const digest = (secret: string): string => createHash("sha256").update(secret).digest("base64url");

/** Undefined where the token names none; what is no token at all is found out when it is verified. */
function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    return undefined;
  }
}

export function createTokens({ storage, clock }: { storage: Storage; clock: Clock }): Tokens {
  const keys = createKeys({ storage, clock });
  const listeners = new Set<(sessionId: string) => void>();
  const ended = (sessionId: string) => {
    for (const listener of listeners) listener(sessionId);
  };

  async function sign(accountId: string, sessionId: string, refreshSecret: string): Promise<TokenAnswer> {
    const now = Math.floor(clock.now() / 1000);
    const { kid, bytes } = await keys.newest();
    const token = await new SignJWT({ sid: sessionId, jti: randomToken(9) })
      .setProtectedHeader({ alg: "HS256", typ: "JWT", ...(kid !== undefined && { kid }) })
      .setSubject(accountId)
      .setIssuedAt(now)
      .setExpirationTime(now + TOKEN_LIFE_S)
      .sign(bytes);
    return { token, expireTime: TOKEN_LIFE_S, refreshToken: `${sessionId}.${refreshSecret}` };
  }

  /** `anyAge` turns the clock back to 1970, when no token of ours had expired. */
  async function read(token: string | undefined, anyAge: boolean): Promise<Claims> {
    if (!token) throw new AuthError("no token: log in and send `Authorization: Bearer <token>`");
    const currentDate = new Date(anyAge ? 0 : clock.now());
    const secret = await keys.byId(keyIdOf(token)); // out of the reach of `catch`: without a database no token is wrong
    if (!secret) throw new AuthError("the token is not valid: log in again");
    try {
      const { payload } = await jwtVerify(token, secret, {
        algorithms: ["HS256"],
        typ: "JWT",
        requiredClaims: ["sub", "sid", "iat", "exp"],
        currentDate,
      });
      if (!anyAge && payload.iat! * 1000 > clock.now() + AHEAD_MS) throw new errors.JWTExpired("", payload);
      return {
        accountId: String(payload.sub),
        sessionId: String(payload["sid"]),
        expiresAt: Number(payload.exp) * 1000,
      };
    } catch (error) {
      if ((error as { code?: string }).code === "ERR_JWT_EXPIRED")
        throw new AuthError("the token has expired: refresh it at POST /token");
      throw new AuthError("the token is not valid: log in again");
    }
  }

  const alive = async (claims: Claims): Promise<boolean> => {
    const session = await storage.sessions.byId(claims.sessionId);
    return session !== undefined && !session.revoked && session.accountId === claims.accountId;
  };

  return {
    async issue({ id: accountId, secretHash }) {
      const id = randomUUID();
      const secret = randomToken(32);
      const refreshExpiresAt = clock.now() + TOKEN_LIFE_S * 1000;
      const session = { id, accountId, refreshId: digest(secret), refreshExpiresAt, revoked: false };
      const made = await storage.sessions.create(session, secretHash);
      return made ? sign(accountId, id, secret) : undefined;
    },
    async check(token) {
      const claims = await read(token, false);
      if (!(await alive(claims))) throw new AuthError("the session has ended: log in again");
      return claims;
    },
    async refresh(token, refreshToken) {
      const claims = await read(token, true);
      const dot = refreshToken.indexOf(".");
      const [sessionId, spent] = [refreshToken.slice(0, dot), refreshToken.slice(dot + 1)];
      if (dot < 0 || sessionId !== claims.sessionId)
        throw new AuthError("the refresh token is not valid: log in again");
      const secret = randomToken(32);
      const now = clock.now();
      const answer = await storage.sessions.rotate(
        sessionId,
        digest(spent),
        digest(secret),
        now,
        now + TOKEN_LIFE_S * 1000,
      );
      if (answer === "reused") {
        ended(sessionId);
        throw new AuthError("the refresh token was used before, so its session has been ended: log in again");
      }
      if (answer === "dead")
        throw new AuthError(
          "the refresh token has expired, is not valid, or its session has ended: log in again",
        );
      return sign(claims.accountId, sessionId, secret);
    },
    async logout(token) {
      const { sessionId } = await read(token, true);
      await storage.sessions.revoke(sessionId);
      ended(sessionId);
    },
    alive,
    onEnd(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
