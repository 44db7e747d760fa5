import { Credentials } from "@prosopon/core/contract";
import * as v from "valibot";
import type { LoginGate } from "../../../auth/login-gate.ts";
import type { Secrets } from "../../../auth/secrets.ts";
import type { Tokens } from "../../../auth/tokens.ts";
import { AuthError } from "../../../errors/auth-error.ts";
import type { Storage } from "../../../storage/types.ts";
import type { BodyPace } from "../../body.ts";
import { bearer, json, noContent, type Handler } from "../../call.ts";
import { readJson } from "../../json.ts";
import { HttpProblem } from "../../problem.ts";
import type { Route } from "../../route.ts";

/** What sessions are begun, gone on with and ended by. */
export interface SessionRouteTools {
  storage: Storage;
  logins: LoginGate;
  secrets: Secrets;
  tokens: Tokens;
  limits: BodyPace;
}

/** Looser than the contract's schema: a missing, null or empty refresh token is a token problem, so 401, not 400. */
const RefreshBody = v.object({ refreshToken: v.optional(v.unknown()) });

export function sessionRoutes({ storage, logins, secrets, tokens, limits }: SessionRouteTools): Route[] {
  /** Ignores the header, even a stale token in it. An unknown client costs what a wrong secret does, and reads the same. */
  const login: Handler = async ({ request, address }) => {
    const { clientId, secretId } = await readJson(request, Credentials, limits);
    const issued = await logins.enter({ clientId, address }, async () => {
      const account = await storage.accounts.byClientId(clientId);
      const right = await secrets.verify(account?.secretHash, secretId);
      return account && right && !account.disabled ? tokens.issue(account) : undefined;
    });
    if (!issued) {
      throw new HttpProblem(401, "clientId or secretId is wrong", {
        "www-authenticate": 'Bearer realm="prosopon"',
      });
    }
    return json(issued);
  };

  const refresh: Handler = async ({ request }) => {
    const { refreshToken } = await readJson(request, RefreshBody, limits);
    if (typeof refreshToken !== "string" || refreshToken === "")
      throw new AuthError("no refreshToken in the body: log in again");
    return json(await tokens.refresh(bearer(request.headers), refreshToken));
  };

  /** The body, if any, is of no interest. */
  const logout: Handler = async ({ request }) => {
    await tokens.logout(bearer(request.headers));
    return noContent();
  };

  return [
    ["POST", "/login", "open", login],
    ["POST", "/token", "open", refresh],
    ["POST", "/logout", "open", logout],
  ];
}
