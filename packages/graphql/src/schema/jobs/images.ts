import type { ImageInput } from "@prosopon/core";
import { kindOfJob } from "@prosopon/core/contract";
import * as v from "valibot";
import { builder } from "../../builder.ts";
import { BadImageError } from "../../errors.ts";

export const IMAGES_MAX = kindOfJob("enrol").images;

/** Decoding, detecting and embedding on the server outweigh any read. */
export const JOB_COST = 500;

/** Where the images of an input are, for errors. */
export const MANY_IMAGES_PATH = ["input", "images"];
export const ONE_IMAGE_PATH = ["input", "image"];

const uploadId = v.pipe(v.string(), v.nonEmpty("The id of the upload is empty."));

/** Of an input with images; `checkImages` goes with it. */
export const images = {
  images: v.nullish(v.array(v.instance(File))),
  uploadIds: v.nullish(v.array(uploadId)),
};

interface Images {
  images?: File[] | null | undefined;
  uploadIds?: string[] | null | undefined;
}

export const checkImages = <Input extends Images>() =>
  v.check((input: Input) => {
    const count = (input.images?.length ?? 0) + (input.uploadIds?.length ?? 0);
    return count >= 1 && count <= IMAGES_MAX;
  }, `Give 1 to ${IMAGES_MAX} images, as files or as ids of uploads.`);

/** Of an input with one image; `checkImage` goes with it. */
export const oneImage = { image: v.nullish(v.instance(File)), uploadId: v.nullish(uploadId) };

interface OneImage {
  image?: File | null | undefined;
  uploadId?: string | null | undefined;
}

const ONE = "Give one image: either `image` or `uploadId`.";
export const checkImage = <Input extends OneImage>() =>
  v.check((input: Input) => (input.image == null) !== (input.uploadId == null), ONE);

/** Descriptions of both ways to give an image. */
export const FILES = "As parts of a multipart request.";
export const UPLOADS = "Ids of earlier uploads to the REST API (`POST /v1/uploads`), for big ones.";

type InputFields = PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, "InputObject">;

/** The fields of an input with one image. */
export const oneImageFields = (t: InputFields) => ({
  image: t.field({ type: "File", description: FILES }),
  uploadId: t.id({ description: UPLOADS }),
});

/** Files first, then uploads. @throws BadImageError for an empty file */
export function imagesOf({ images, uploadIds }: Images): ImageInput[] {
  for (const [index, image] of (images ?? []).entries()) notEmpty(image, ["images", String(index)]);
  return [...(images ?? []), ...(uploadIds ?? []).map((uploadId) => ({ uploadId }))];
}

/** @throws BadImageError for an empty file; TypeError without either, which validation has ruled out. */
export function imageOf({ image, uploadId }: OneImage): ImageInput {
  if (image) return notEmpty(image, ["image"]);
  if (uploadId) return { uploadId };
  throw new TypeError(ONE);
}

function notEmpty(image: File, path: string[]): File {
  if (image.size > 0) return image;
  throw new BadImageError("The image has no bytes: send the file's content.", ["input", ...path]);
}
