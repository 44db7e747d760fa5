import { Credentials } from "@prosopon/core/contract";
import * as v from "valibot";
import { bearer, json, noContent, type Handler } from "../../call.ts";
import { readJson } from "../../json.ts";
import { AuthError } from "../../../errors/auth-error.ts";
import { HttpProblem } from "../../problem.ts";

/** Ignores the header, even a stale token in it. An unknown client costs what a wrong secret does, and reads the same. */
export const login: Handler = async (call) => {
  const { deps, address } = call;
  const { clientId, secretId } = await readJson(call, Credentials);
  const tokens = await deps.logins.enter({ clientId, address }, async () => {
    const account = await deps.storage.accounts.byClientId(clientId);
    const right = await deps.secrets.verify(account?.secretHash, secretId);
    return account && right && !account.disabled ? deps.tokens.issue(account) : undefined;
  });
  if (!tokens) {
    throw new HttpProblem(401, "clientId or secretId is wrong", {
      "www-authenticate": 'Bearer realm="prosopon"',
    });
  }
  return json(tokens);
};

/** Looser than the contract's schema: a missing, null or empty refresh token is a token problem, so 401, not 400. */
const RefreshBody = v.object({ refreshToken: v.optional(v.unknown()) });

export const refresh: Handler = async (call) => {
  const { refreshToken } = await readJson(call, RefreshBody);
  if (typeof refreshToken !== "string" || refreshToken === "")
    throw new AuthError("no refreshToken in the body: log in again");
  return json(await call.deps.tokens.refresh(bearer(call.request.headers), refreshToken));
};

/** The body, if any, is of no interest. */
export const logout: Handler = async ({ deps, request }) => {
  await deps.tokens.logout(bearer(request.headers));
  return noContent();
};
