import * as v from "valibot";
import { builder } from "../../builder.ts";
import { BadImageError, NotFoundError, UnsupportedByUpstreamError } from "../../errors.ts";
import { upstreamId } from "../../ids.ts";
import { started } from "../../job-view.ts";
import { upstream } from "../../upstream.ts";
import { IDENTITY_PATH } from "../identity-fields.ts";
import { EnrolmentJob } from "./enrol.ts";
import { checkImages, FILES, images, imagesOf, JOB_COST, MANY_IMAGES_PATH, UPLOADS } from "./images.ts";

const AddIdentityImagesInput = builder.inputType("AddIdentityImagesInput", {
  validate: v.pipe(v.object({ ...images, identityId: v.string() }), checkImages()),
  fields: (t) => ({
    identityId: t.id({ required: true }),
    images: t.field({ type: ["File"], description: FILES }),
    uploadIds: t.idList({ description: UPLOADS }),
  }),
});

builder.mutationField("addIdentityImages", (t) =>
  t.field({
    type: EnrolmentJob,
    errors: { types: [BadImageError, NotFoundError, UnsupportedByUpstreamError] },
    complexity: JOB_COST,
    description: "Adds 1 to 5 images to an identity.",
    args: { input: t.arg({ type: AddIdentityImagesInput, required: true }) },
    resolve: async (_, { input }, { client }) =>
      started(
        await upstream(
          client.identities.addImages(upstreamId(input.identityId, ["Identity"], IDENTITY_PATH), {
            images: imagesOf(input),
          }),
          {
            images: MANY_IMAGES_PATH,
            id: IDENTITY_PATH,
          },
        ),
      ),
  }),
);
