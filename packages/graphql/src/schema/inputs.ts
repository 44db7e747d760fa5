import * as v from "valibot";
import { builder } from "../builder.ts";
import { externalId, metadata } from "./identity-fields.ts";

export const LoginInput = builder.inputType("LoginInput", {
  validate: v.object({
    clientId: v.pipe(v.string(), v.minLength(1, "clientId must not be empty.")),
    secretId: v.pipe(v.string(), v.minLength(1, "secretId must not be empty.")),
  }),
  fields: (t) => ({ clientId: t.string({ required: true }), secretId: t.string({ required: true }) }),
});

export const RefreshTokenInput = builder.inputType("RefreshTokenInput", {
  validate: v.object({
    refreshToken: v.pipe(v.string(), v.minLength(1, "refreshToken must not be empty.")),
    token: v.nullish(v.string()),
  }),
  fields: (t) => ({
    refreshToken: t.string({ required: true }),
    token: t.string({
      description: "The session's access token, ended or not. Default: the one in the Authorization header.",
    }),
  }),
});

export const CancelJobInput = builder.inputType("CancelJobInput", {
  fields: (t) => ({ jobId: t.id({ required: true }) }),
});

export const RetryJobInput = builder.inputType("RetryJobInput", {
  fields: (t) => ({ jobId: t.id({ required: true }) }),
});

export const UpdateIdentityInput = builder.inputType("UpdateIdentityInput", {
  description: "What is left out stays; null removes.",
  validate: v.object({ identityId: v.string(), externalId, metadata }),
  fields: (t) => ({
    identityId: t.id({ required: true }),
    externalId: t.string(),
    metadata: t.field({ type: "JSON", description: "Merged by key; a key that is null is removed." }),
  }),
});

export const DeleteFaceInput = builder.inputType("DeleteFaceInput", {
  fields: (t) => ({ faceId: t.id({ required: true }) }),
});

export const DeleteIdentitiesInput = builder.inputType("DeleteIdentitiesInput", {
  validate: v.object({
    identityIds: v.pipe(
      v.array(v.string()),
      v.minLength(1, "Name at least one identity."),
      v.maxLength(100, "Name at most 100 identities."),
    ),
  }),
  fields: (t) => ({
    identityIds: t.idList({ required: true, description: "All of them are deleted, or none." }),
  }),
});
