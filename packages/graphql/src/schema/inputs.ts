import type { ImageInput } from "@prosopon/core";
import * as v from "valibot";
import { builder } from "../builder.ts";
import { BadImageError } from "../errors.ts";

const IMAGES_MAX = 5;
/** As the contract has them (packages/core, contract/identity.ts). */
const EXTERNAL_ID_MAX = 256;
const METADATA_MAX_BYTES = 16_384;

const text = (what: string, max: number) =>
  v.nullish(
    v.pipe(
      v.string(),
      v.minLength(1, `${what} must not be empty.`),
      v.maxLength(max, `${what} must have at most ${max} characters.`),
    ),
  );

const externalId = text("externalId", EXTERNAL_ID_MAX);
const metadata = v.nullish(
  v.pipe(
    v.record(v.string(), v.unknown(), "metadata must be a JSON object."),
    v.check(
      (value) => new TextEncoder().encode(JSON.stringify(value)).length <= METADATA_MAX_BYTES,
      `metadata must be at most ${METADATA_MAX_BYTES} bytes of JSON.`,
    ),
  ),
);

const uploadId = v.pipe(v.string(), v.nonEmpty("The id of the upload is empty."));

const images = {
  images: v.nullish(v.array(v.instance(File))),
  uploadIds: v.nullish(v.array(uploadId)),
};

function countImages(input: {
  images?: unknown[] | null | undefined;
  uploadIds?: unknown[] | null | undefined;
}): boolean {
  const count = (input.images?.length ?? 0) + (input.uploadIds?.length ?? 0);
  return count >= 1 && count <= IMAGES_MAX;
}
const countMessage = `Give 1 to ${IMAGES_MAX} images, as files or as ids of uploads.`;

const oneImage = { image: v.nullish(v.instance(File)), uploadId: v.nullish(uploadId) };
const isOneImage = (input: { image?: unknown; uploadId?: unknown }) =>
  (input.image == null) !== (input.uploadId == null);
const oneMessage = "Give one image: either `image` or `uploadId`.";

function notEmpty(image: File, path: string[]): File {
  if (image.size > 0) return image;
  throw new BadImageError("The image has no bytes: send the file's content.", ["input", ...path]);
}

/** Files first, then uploads. @throws BadImageError for an empty file */
export function imagesOf(input: {
  images?: File[] | null | undefined;
  uploadIds?: string[] | null | undefined;
}): ImageInput[] {
  for (const [index, image] of (input.images ?? []).entries()) notEmpty(image, ["images", String(index)]);
  return [...(input.images ?? []), ...(input.uploadIds ?? []).map((uploadId) => ({ uploadId }))];
}

/** @throws BadImageError for an empty file; TypeError without either, which validation has ruled out. */
export function imageOf(input: {
  image?: File | null | undefined;
  uploadId?: string | null | undefined;
}): ImageInput {
  if (input.image) return notEmpty(input.image, ["image"]);
  if (input.uploadId) return { uploadId: input.uploadId };
  throw new TypeError(oneMessage);
}

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

const files = "As parts of a multipart request.";
const uploads = "Ids of earlier uploads to the REST API (`POST /v1/uploads`), for big ones.";

export const CreateIdentityInput = builder.inputType("CreateIdentityInput", {
  description: `${IMAGES_MAX} images of one person at most, files and uploads together.`,
  validate: v.pipe(
    v.object({ ...images, externalId, metadata }),
    v.check((input) => countImages(input), countMessage),
  ),
  fields: (t) => ({
    images: t.field({ type: ["File"], description: files }),
    uploadIds: t.idList({ description: uploads }),
    externalId: t.string({ description: "Your own key for this person; unique in the account." }),
    metadata: t.field({ type: "JSON", description: "Free JSON object; `name` is shown by the playground." }),
  }),
});

export const AddIdentityImagesInput = builder.inputType("AddIdentityImagesInput", {
  validate: v.pipe(
    v.object({ ...images, identityId: v.string() }),
    v.check((input) => countImages(input), countMessage),
  ),
  fields: (t) => ({
    identityId: t.id({ required: true }),
    images: t.field({ type: ["File"], description: files }),
    uploadIds: t.idList({ description: uploads }),
  }),
});

export const SearchIdentitiesInput = builder.inputType("SearchIdentitiesInput", {
  validate: v.pipe(
    v.object({
      ...oneImage,
      maxResults: v.nullish(
        v.pipe(
          v.number(),
          v.minValue(1, "maxResults must be 1 to 10."),
          v.maxValue(10, "maxResults must be 1 to 10."),
        ),
      ),
    }),
    v.check((input) => isOneImage(input), oneMessage),
  ),
  fields: (t) => ({
    image: t.field({ type: "File", description: files }),
    uploadId: t.id({ description: uploads }),
    maxResults: t.int({ description: "1 to 10; 10 when left out." }),
  }),
});

export const RecognizeIdentityInput = builder.inputType("RecognizeIdentityInput", {
  validate: v.pipe(
    v.object({ ...oneImage, identityId: v.string() }),
    v.check((input) => isOneImage(input), oneMessage),
  ),
  fields: (t) => ({
    identityId: t.id({ required: true }),
    image: t.field({ type: "File", description: files }),
    uploadId: t.id({ description: uploads }),
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
