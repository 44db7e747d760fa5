import type { StoredToken, TokenStore } from "@prosopon/core";
import type { TokenAnswer } from "@prosopon/core/contract";
import { builder } from "../builder.ts";
import { UnauthorizedError } from "../errors.ts";
import { upstream } from "../upstream.ts";
import { LoginInput, RefreshTokenInput } from "./inputs.ts";

/** Few guesses of a secret fit into one request. */
const loginCost = 5_000;

const Session = builder.objectRef<TokenAnswer>("Session").implement({
  description: "The tokens of a session. The gateway keeps none of them.",
  fields: (t) => ({
    token: t.exposeString("token", {
      description: "Send it as `Authorization: Bearer TOKEN`, or as `token` in connectionParams.",
    }),
    expiresIn: t.exposeInt("expireTime", { description: "Seconds that the token lives." }),
    refreshToken: t.exposeString("refreshToken", { description: "Good for one refresh." }),
  }),
});

const SignedOut = builder.objectRef<{ done: boolean }>("SignedOut").implement({
  fields: (t) => ({ done: t.exposeBoolean("done") }),
});

builder.mutationFields((t) => ({
  login: t.field({
    type: Session,
    errors: {},
    skipTypeScopes: true,
    complexity: loginCost,
    description: "Signs in with the credentials of an account.",
    args: { input: t.arg({ type: LoginInput, required: true }) },
    resolve: (_, { input }, { clientFor }) =>
      upstream(clientFor({ clientId: input.clientId, secretId: input.secretId }).auth.login()).catch(
        (error: unknown) => {
          throw error instanceof UnauthorizedError
            ? new UnauthorizedError("The client id or the secret is wrong.", "UNAUTHORIZED", error)
            : error;
        },
      ),
  }),
  refreshToken: t.field({
    type: Session,
    errors: {},
    skipTypeScopes: true,
    complexity: loginCost,
    description: "Trades the refresh token for new tokens. A refresh token used twice ends the session.",
    args: { input: t.arg({ type: RefreshTokenInput, required: true }) },
    resolve: (_, { input }, { clientFor, token }) => {
      const access = input.token ?? token;
      if (access === undefined)
        throw new UnauthorizedError(
          "Send the session's access token too, ended or not: in the Authorization header or as input.token.",
        );
      return upstream(clientFor({ tokenStore: ended(access, input.refreshToken) }).auth.refresh());
    },
  }),
  logout: t.field({
    type: SignedOut,
    errors: {},
    description: "Ends the session: both of its tokens are invalid from then on.",
    resolve: async (_, __, { client }) => {
      await upstream(client.auth.logout());
      return { done: true };
    },
  }),
}));

/** Holds one session's tokens for the length of one call. */
function ended(token: string, refreshToken: string): TokenStore {
  let stored: StoredToken | undefined = { token, refreshToken, expireTime: 0, expiresAt: 0 };
  return {
    get: () => stored,
    set: (next) => {
      stored = next;
    },
  };
}
