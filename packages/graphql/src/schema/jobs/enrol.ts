import * as v from "valibot";
import { builder } from "../../builder.ts";
import { BadImageError, ConflictError, NotFoundError, UnsupportedByUpstreamError } from "../../errors.ts";
import { started } from "../../job-view.ts";
import { upstream } from "../../upstream.ts";
import { COLLECTION_PATH, collectionNamed, IN_COLLECTION } from "../collection.ts";
import { Face } from "../face.ts";
import { findIdentity, Identity } from "../identity.ts";
import { EXTERNAL_ID_PATH, externalId, metadata } from "../identity-fields.ts";
import { identityIdOf, jobNode, resultOf } from "../job.ts";
import { GuardWarning } from "./guard-warning.ts";
import {
  checkImages,
  FILES,
  images,
  IMAGES_MAX,
  imagesOf,
  JOB_COST,
  MANY_IMAGES_PATH,
  UPLOADS,
} from "./images.ts";

export const EnrolmentJob = jobNode("EnrolmentJob", {
  description: "Creates an identity, or adds images to one.",
  fields: (t) => ({
    identityId: t.string({ nullable: true, description: "Once known.", resolve: identityIdOf }),
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "Once the job has succeeded; null when it has been deleted since.",
      resolve: async (job, _, context) =>
        job.status === "Succeeded" ? findIdentity(await identityIdOf(job, {}, context), context) : null,
    }),
    faces: t.field({
      type: [Face],
      nullable: true,
      description: "The faces that this job stored, as far as they still exist.",
      resolve: async (job, _, context) => {
        const ids = (await resultOf("enrol", job, context))?.face_ids;
        const identity = ids && (await findIdentity(await identityIdOf(job, {}, context), context));
        return identity?.faces.filter((face) => ids?.includes(face.face_id));
      },
    }),
    warnings: t.field({
      type: [GuardWarning],
      nullable: true,
      description: "What the guards of the collection have seen.",
      resolve: async (job, _, context) => (await resultOf("enrol", job, context))?.warnings ?? null,
    }),
  }),
});

const CreateIdentityInput = builder.inputType("CreateIdentityInput", {
  description: `${IMAGES_MAX} images of one person at most, files and uploads together.`,
  validate: v.pipe(
    v.object({ ...images, externalId, metadata, collection: v.nullish(v.string()) }),
    checkImages(),
  ),
  fields: (t) => ({
    images: t.field({ type: ["File"], description: FILES }),
    uploadIds: t.idList({ description: UPLOADS }),
    externalId: t.string({ description: "Your own key for this person; unique in the collection." }),
    metadata: t.field({ type: "JSON", description: "Free JSON object; `name` is shown by the playground." }),
    collection: t.id({ description: IN_COLLECTION }),
  }),
});

builder.mutationField("createIdentity", (t) =>
  t.field({
    type: EnrolmentJob,
    errors: { types: [BadImageError, NotFoundError, ConflictError, UnsupportedByUpstreamError] },
    complexity: JOB_COST,
    description: "Starts an enrolment of 1 to 5 images of one person.",
    args: { input: t.arg({ type: CreateIdentityInput, required: true }) },
    resolve: async (_, { input: { externalId, metadata, collection, ...rest } }, { client }) =>
      started(
        await upstream(
          client.identities.create({
            images: imagesOf(rest),
            ...collectionNamed(collection),
            ...(externalId != null && { externalId }),
            ...(metadata != null && { metadata: metadata as Record<string, unknown> }),
          }),
          { images: MANY_IMAGES_PATH, unique: EXTERNAL_ID_PATH, id: COLLECTION_PATH },
        ),
      ),
  }),
);
