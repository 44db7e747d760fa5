import * as v from "valibot";

/** `POST /login`: opaque strings. Extra and null keys are ignored, because published clients send them. */
export const Credentials = v.object({
  clientId: v.pipe(v.string(), v.minLength(1, "clientId must not be empty")),
  secretId: v.pipe(v.string(), v.minLength(1, "secretId must not be empty")),
});
export type Credentials = v.InferOutput<typeof Credentials>;

/** `POST /token`: the refresh token of the session; the access token, expired or not, goes in the header. */
export const RefreshRequest = v.object({ refreshToken: v.pipe(v.string(), v.minLength(1)) });
export type RefreshRequest = v.InferOutput<typeof RefreshRequest>;

/** What a server sends for `/login` and `/token`: exactly three keys; a fourth breaks a published client. */
export const TokenAnswer = v.object({
  token: v.string(),
  /** Life of the access token in whole seconds: 3600. */
  expireTime: v.pipe(v.number(), v.integer()),
  refreshToken: v.string(),
});
export type TokenAnswer = v.InferOutput<typeof TokenAnswer>;

/** What a client accepts: servers are seen to call the life `expireTime` or `expiresIn`. */
export const AcceptedTokenAnswer = v.pipe(
  v.object({
    token: v.string(),
    refreshToken: v.string(),
    expireTime: v.optional(v.number()),
    expiresIn: v.optional(v.number()),
  }),
  v.transform(({ token, refreshToken, expireTime, expiresIn }): TokenAnswer => ({
    token,
    refreshToken,
    expireTime: expireTime ?? expiresIn ?? 3600,
  })),
);
